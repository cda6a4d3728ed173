// docs/proxy.md in a real workerd, by wrangler.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { buildPlainPage, frameworks, plainPage } from './kit/createApp.ts'
import { run } from './kit/start.ts'
import { testMount } from './kit/testApp.ts'

const test = suiteWithBrowser('Workers')

const { app } = testMount(test, {
  name: 'Workers',
  section: 'Cloudflare Workers',
  handler: 'src/flowscale.ts',
  files: {
    ...plainPage,
    '.dev.vars': 'FLOWSCALE_API_URL=http://127.0.0.1:4188\nFLOWSCALE_API_KEY=fsk_local_demo_key\n',
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        ...{
          target: 'ES2022',
          module: 'ESNext',
          moduleResolution: 'bundler',
          lib: ['ES2023'],
          types: ['node'],
        },
        ...{ strict: true, noEmit: true, skipLibCheck: true },
      },
      include: ['src', 'worker-configuration.d.ts'],
    }),
  },
  commands: [buildPlainPage, 'npx wrangler types', 'npx wrangler dev'],
  checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
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
