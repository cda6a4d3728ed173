// The app of docs/proxy-workers.md in a real workerd, by wrangler.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { frameworks } from './kit/createApp.ts'
import { run } from './kit/start.ts'
import { testMount } from './kit/testMount.ts'

const test = suite('Workers')
let browser: Browser
test.before(async () => {
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
})
test.after(() => browser.close())

const { app } = testMount(test, {
  name: 'Workers',
  document: 'proxy-workers.md',
  files: {
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        ...{ target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', lib: ['ES2023'], types: [] },
        ...{ strict: true, noEmit: true, skipLibCheck: true },
      },
      include: ['src', 'worker-configuration.d.ts'],
    }),
  },
  checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
  browser: () => browser,
  starting: (program, env) => {
    const { FLOWSCALE_API_URL, FLOWSCALE_API_KEY } = env
    writeFileSync(
      join(program.cwd, '.dev.vars'),
      `FLOWSCALE_API_URL=${FLOWSCALE_API_URL}\nFLOWSCALE_API_KEY=${FLOWSCALE_API_KEY}\n`,
    )
    return { ...program, args: [...program.args, '--ip', '127.0.0.1', '--port', '0'] }
  },
})

test('Workers: its types are right', async () => {
  await run(app, join(frameworks, 'node_modules/typescript/bin/tsc'), '-p', '.')
})
