// The app of docs/proxy-any.md in Bun and in Deno, and on Node by an adapter.
import { type Browser, chromium } from 'playwright-core'
import { suite } from 'uvu'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { testMount } from './kit/testMount.ts'

const test = suite('any framework')
let browser: Browser
test.before(async () => {
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
})
test.after(() => browser.close())

for (const name of ['Bun', 'Deno', 'Node']) {
  testMount(test, {
    name,
    document: 'proxy-any.md',
    files: { 'package.json': '{ "private": true, "type": "module" }' },
    checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
    browser: () => browser,
    serving: name === 'Node' ? /^npx tsx / : new RegExp(`^${name.toLowerCase()} `),
    starting: (program) => ({
      ...program,
      args: program.args.map((arg) => (arg.startsWith('--port=') ? '--port=0' : arg)),
    }),
  })
}

test.run()
