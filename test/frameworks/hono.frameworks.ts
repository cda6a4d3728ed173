// The app of docs/proxy-hono.md on Node.
import { randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#test'
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { CANARY } from '../support/canary.ts'
import { recordingPod } from '../support/proxied.ts'
import { frameworks } from './kit/createApp.ts'
import { run } from './kit/start.ts'
import { testMount } from './kit/testApp.ts'

const test = suiteWithBrowser('Hono')

const { app, start } = testMount(test, {
  name: 'Hono',
  document: 'proxy-hono.md',
  files: {
    'package.json': '{ "private": true, "type": "module" }',
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        ...{
          target: 'ES2022',
          module: 'NodeNext',
          strict: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
        },
        ...{ types: ['node'], lib: ['ES2023', 'DOM', 'DOM.Iterable'], skipLibCheck: true },
      },
      files: ['server.ts', 'authorize.ts'],
    }),
  },
  checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
})

test('Hono: its types are right', async () => {
  await run(app, join(frameworks, 'node_modules/typescript/bin/tsc'), '-p', '.')
})

test('Hono: users who sign in', async () => {
  const signedIn = readFileSync(join(app, 'server.ts'), 'utf8')
    .replace(/ {2}authorize: [\s\S]*?\n {2}},/, '  authorize,')
    .replace(
      "import { Hono } from 'hono'\n",
      "$&import { contextStorage } from 'hono/context-storage'\nimport { authorize } from './authorize.ts'\n",
    )
    .replace(
      'const app = new Hono()\n',
      `const app = new Hono<{ Variables: { user?: string } }>()
app.use(contextStorage(), (context, next) => (context.set('user', context.req.query('user')), next()))
`,
    )
  const folder = join(app, 'signed-in')
  mkdirSync(folder, { recursive: true })
  cpSync(join(app, 'authorize.ts'), join(folder, 'authorize.ts'))
  writeFileSync(join(folder, 'server.ts'), signedIn)
  const pod = await recordingPod()
  const server = await start({ FLOWSCALE_API_URL: pod.url, FLOWSCALE_API_KEY: CANARY }, folder)
  const headers = { cookie: `session=${randomUUID()}`, 'content-type': 'multipart/form-data; boundary=b' }
  const ask = (user: string) =>
    fetch(`${server.url}/api/flowscale/api/v1/runs?workflow_id=bncu0a1kipv${user}`, {
      method: 'POST',
      headers,
      body: '--b--',
    })
  assert.is((await ask('')).status, 403)
  assert.is((await ask('&user=ada')).status, 200)
  assert.match(pod.seen[0]!.url, /group_id=user-ada$/)
  await server.stop()
  await pod.close()
})
