// The app of docs/proxy-nextjs.md, with the Pages Router.
import { type Browser, chromium } from 'playwright-core'
import { suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { nextFiles } from './kit/nextFiles.ts'
import { testMount } from './kit/testMount.ts'

const test = suite('Next.js, pages')
let browser: Browser
test.before(async () => {
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
})
test.after(() => browser.close())

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
  browser: () => browser,
  starting: (program) => ({ ...program, args: program.args.map((arg) => (arg === '3000' ? '0' : arg)) }),
})
