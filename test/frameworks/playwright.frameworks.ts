// The Playwright test of docs/emulator.md, as printed, on the page for Vite and React.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { assert, suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { freePort } from '../support/listen.ts'
import { createApp, frameworks, inAPage, smallServer } from './kit/createApp.ts'
import { run, runProgram } from './kit/start.ts'
import { photo } from './kit/visit.ts'

const test = suite('Playwright')
const bin = (path: string) => join(frameworks, 'node_modules', path)
const document = readFileSync('docs/emulator.md', 'utf8')
const blocks = [...document.matchAll(/^```js playwright\n\/\/ (\S+)\n([\s\S]*?)^```/gm)]

test('a visitor gets a picture, and pays once', async () => {
  const ports: Record<string, string> = { 3000: await freePort(), 4188: await freePort() }
  const emulator = resolve('packages/emulator/bin/flowscale-emulator.js')
  const printed = Object.fromEntries(
    blocks.map(([, file, code]) => [
      file!,
      code!
        .replaceAll(/(?<=127\.0\.0\.1:|--port )(3000|4188)/g, (port) => ports[port]!)
        .replace('npx @flowscale/emulator', `node ${emulator}`),
    ]),
  )
  assert.equal(Object.keys(printed), ['playwright.config.js', 'picture.spec.js'])
  const app = createApp('playwright', {
    ...printed,
    'package.json': '{ "private": true, "type": "module" }',
    ...smallServer,
    'src/main.tsx': inAPage.block('src/main.tsx'),
    'src/page.tsx': inAPage.block('app/page.tsx'),
    'index.html': '<!doctype html><div id="root"></div><script type="module" src="/src/main.tsx"></script>',
    'vite.config.js': "import react from '@vitejs/plugin-react'\nexport default { plugins: [react()] }\n",
    // The browser of this machine, in the place of the one that Playwright downloads.
    'here.config.js': `import config from './playwright.config.js'
      const launchOptions = ${JSON.stringify({ executablePath, args: ['--no-sandbox'] })}
      export default { ...config, reporter: 'line', use: { ...config.use, launchOptions } }`,
  })
  writeFileSync(join(app, 'photo.png'), photo.buffer)
  await run(app, bin('vite/bin/vite.js'), 'build')
  const args = [bin('@playwright/test/cli.js'), 'test', '--config', 'here.config.js']
  const output = await runProgram({ cwd: app, args, env: { PORT: ports[3000]! } })
  assert.match(output, /1 passed/)
})
