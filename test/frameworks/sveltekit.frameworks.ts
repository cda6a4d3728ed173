// The app of docs/proxy-sveltekit.md in a real SvelteKit 3, on Node 24.
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { type Browser, chromium } from 'playwright-core'
import { suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { testMount } from './kit/testMount.ts'
import { node24 } from './kit/toProgram.ts'

const test = suite('SvelteKit')
let browser: Browser
test.before(async () => {
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
})
test.after(() => browser.close())

/** The build must know the port. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}
const port = await freePort()

testMount(test, {
  name: 'SvelteKit',
  document: 'proxy-sveltekit.md',
  files: {
    'package.json': '{ "private": true, "type": "module" }',
    'src/app.html': `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>FlowScale</title><link rel="icon" href="data:,">%sveltekit.head%</head>
  <body>%sveltekit.body%</body>
</html>
`,
  },
  checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
  browser: () => browser,
  building: (program) => ({ ...program, env: { ...program.env, ORIGIN: `http://127.0.0.1:${port}` } }),
  starting: (program) => ({ ...program, env: { ...program.env, PORT: port } }),
  node: node24,
})
