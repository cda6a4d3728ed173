// docs/proxy.md in Hono, on Node.
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#test'
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { CANARY } from '../support/canary.ts'
import { recordingPod } from '../support/proxied.ts'
import { buildPlainPage, frameworks, plainPage } from './kit/createApp.ts'
import { run } from './kit/start.ts'
import { testMount } from './kit/testApp.ts'

const test = suiteWithBrowser('Hono')

const { app, start } = testMount(test, {
  name: 'Hono',
  section: 'Hono',
  files: {
    ...plainPage,
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
        ...{ allowJs: true, checkJs: true },
      },
      files: ['server.mjs'],
    }),
  },
  commands: [buildPlainPage],
  checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
})

test('Hono: its types are right', async () => {
  await run(app, join(frameworks, 'node_modules/typescript/bin/tsc'), '-p', '.')
})

test('Hono: users who sign in', async () => {
  const folder = join(app, 'signed-in')
  mkdirSync(folder, { recursive: true })
  const server = readFileSync(join(app, 'server.mjs'), 'utf8').replace(
    'const app = new Hono()\n',
    `import { contextStorage } from 'hono/context-storage'
$&app.use(contextStorage(), (context, next) => (context.set('user', context.req.query('user')), next()))
`,
  )
  writeFileSync(join(folder, 'server.mjs'), server)
  const handler = readFileSync(join(app, 'flowscale.mjs'), 'utf8').replace(
    / {2}authorize: [\s\S]*?\n {2}},/,
    `  authorize: () => {
    const { user } = getContext().var
    return user ? { groupId: \`user-\${user}\` } : false
  },`,
  )
  writeFileSync(
    join(folder, 'flowscale.mjs'),
    `import { getContext } from 'hono/context-storage'\n${handler}`,
  )
  const pod = await recordingPod()
  const started = await start({ FLOWSCALE_API_URL: pod.url, FLOWSCALE_API_KEY: CANARY }, folder)
  const headers = { cookie: `session=${randomUUID()}`, 'content-type': 'multipart/form-data; boundary=b' }
  const ask = (user: string) =>
    fetch(`${started.url}/api/flowscale/api/v1/runs?workflow_id=a9bc45rt2kpm${user}`, {
      method: 'POST',
      headers,
      body: '--b--',
    })
  assert.is((await ask('')).status, 403)
  assert.is((await ask('&user=ada')).status, 200)
  assert.match(pod.seen[0]!.url, /group_id=user-ada$/)
  await started.stop()
  await pod.close()
})
