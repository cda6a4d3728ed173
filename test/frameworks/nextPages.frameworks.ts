// The app of docs/proxy-nextjs.md, with the Pages Router.
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { nextFiles } from './kit/createApp.ts'
import { testMount } from './kit/testApp.ts'

const test = suiteWithBrowser('Next.js, pages')

testMount(test, {
  name: 'Pages Router',
  document: 'proxy-nextjs.md',
  files: {
    ...nextFiles,
    'pages/_document.tsx': `import { Head, Html, Main, NextScript } from 'next/document'
export default function Document() {
  return <Html lang="en"><Head><link rel="icon" href="data:," /></Head><body><Main /><NextScript /></body></Html>
}
`,
  },
  checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
  starting: (program) => ({ ...program, args: program.args.map((arg) => (arg === '3000' ? '0' : arg)) }),
})
