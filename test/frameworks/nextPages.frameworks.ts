// docs/proxy.md in the Pages Router of Next.js.
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { inAPage, nextFiles } from './kit/createApp.ts'
import { testMount } from './kit/testApp.ts'

const test = suiteWithBrowser('Next.js, pages')

testMount(test, {
  name: 'Pages Router',
  section: 'Next.js, Pages Router',
  handler: 'flowscale.ts',
  files: {
    ...nextFiles,
    'pages/index.tsx': inAPage.block('app/page.tsx'),
    'proxy.ts': inAPage.block('proxy.ts'),
    'pages/_document.tsx': `import { Head, Html, Main, NextScript } from 'next/document'
export default function Document() {
  return <Html lang="en"><Head><link rel="icon" href="data:," /></Head><body><Main /><NextScript /></body></Html>
}
`,
  },
  commands: ['npx next build', 'npx next start -H 127.0.0.1 -p 3000'],
  checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
  starting: (program) => ({ ...program, args: program.args.map((arg) => (arg === '3000' ? '0' : arg)) }),
})
