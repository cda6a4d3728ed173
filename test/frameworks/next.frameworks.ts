// The app of docs/in-a-page.md in a real Next.js: built, on the emulator and on the gateway, and in development.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#test'
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { assertNoCanary } from '../support/canary.ts'
import { createApp, frameworks, inAPage, nextFiles, proxyHandler, readDocument } from './kit/createApp.ts'
import type { PodName } from './kit/servePod.ts'
import { run, start } from './kit/start.ts'
import { testApp } from './kit/testApp.ts'

const bin = join(frameworks, 'node_modules/next/dist/bin/next')
const own = ['app/layout.tsx', 'app/page.tsx', 'app/api/flowscale/[...path]/route.ts', 'proxy.ts']

const app = createApp('next', {
  ...Object.fromEntries(own.map((file) => [file, inAPage.block(file)])),
  'app/runs/page.tsx': readFileSync('examples/nextjs-runs.tsx', 'utf8'),
  // Built only, so that its exports and types are looked at.
  'app/api/shared/[...path]/route.ts': readDocument('proxy.md', 'Next.js, App Router').block(
    'app/api/flowscale/[...path]/route.ts',
  ),
  'flowscale.ts': proxyHandler,
  'app/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
  ...nextFiles,
})

const test = suiteWithBrowser('Next.js')

test('the page has at most 40 lines', () => {
  assert.ok(inAPage.block('app/page.tsx').trimEnd().split('\n').length <= 40)
})

test('next build takes it, strict types included', async () => {
  await run(app, bin, 'build')
  const files = readdirSync(join(app, '.next/static'), { recursive: true, withFileTypes: true })
  const shipped = files.filter((file) => file.isFile())
  assert.ok(shipped.length > 3)
  for (const { parentPath, name } of shipped)
    assertNoCanary(readFileSync(join(parentPath, name), 'utf8'), name)
})

const places: [mode: 'start' | 'dev', podName: PodName][] = [
  ['start', 'emulator'],
  ['start', 'gateway'],
  ['dev', 'emulator'],
]
for (const [mode, podName] of places) {
  testApp(test, {
    name: `next ${mode} on the ${podName}`,
    podName,
    names: ['runAndReload', 'cancel', 'cancelPost', 'keepApart', 'reloadPost', 'stream'],
    start: (env) => start(app, env, bin, mode, '-H', '127.0.0.1', '-p', '0'),
  })
}
