// docs/proxy.md in Express 4 and Express 5, by the very same code.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { assert } from '#test'
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { CANARY } from '../support/canary.ts'
import { type Respond, recordingPod } from '../support/proxied.ts'
import { until } from '../support/until.ts'
import { buildPlainPage, frameworks, plainPage } from './kit/createApp.ts'
import { run } from './kit/start.ts'
import { testMount } from './kit/testApp.ts'

const mib = 1024 * 1024
const test = suiteWithBrowser('Express')

/** Lets an app find the other version. */
function link(app: string, name: string, from: string): void {
  const to = join(app, 'node_modules', name)
  mkdirSync(dirname(to), { recursive: true })
  rmSync(to, { force: true })
  symlinkSync(join(frameworks, 'node_modules', from), to)
}

/** What a strict compiler must take with the types of Express and Node. */
const types = `import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { toNodeHandler } from '@flowscale/client/proxy'
import express from 'express'

const handler = toNodeHandler(async (request: Request) => new Response(request.url))
const app = express()
app.use('/api', handler)
app.all('/other', (_request, _response, next) => next(), handler)
express.Router().use(handler)
createServer(handler)
createSecureServer({}, handler)
createServer(app)
`
const tsconfig = JSON.stringify({
  compilerOptions: {
    ...{ target: 'ES2022', module: 'NodeNext', strict: true, exactOptionalPropertyTypes: true, noEmit: true },
    ...{ types: ['node'], lib: ['ES2023', 'DOM', 'DOM.Iterable'], skipLibCheck: true },
  },
  files: ['types.mts'],
})

for (const version of [5, 4]) {
  const name = `Express ${version}`
  const { app, start } = testMount(test, {
    name,
    section: 'Express',
    files: { ...plainPage, 'types.mts': types, 'tsconfig.json': tsconfig },
    commands: [buildPlainPage],
    checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
    prepare(app) {
      link(app, 'express', version === 4 ? 'express4' : 'express')
      link(app, '@types/express', version === 4 ? '@types/express4' : '@types/express')
      const { version: found } = JSON.parse(
        readFileSync(join(app, 'node_modules/express/package.json'), 'utf8'),
      )
      assert.is(found.split('.')[0], String(version))
    },
  })

  test(`${name}: its types take the handler`, async () => {
    await run(app, join(frameworks, 'node_modules/typescript/bin/tsc'), '-p', '.')
  })

  /** Starts the app before a pod that only notes its requests. */
  const withPod = async (
    respond: Respond,
    use: (url: string, pod: Awaited<ReturnType<typeof recordingPod>>) => Promise<void>,
  ) => {
    const pod = await recordingPod()
    pod.early = respond
    const server = await start({ FLOWSCALE_API_URL: pod.url, FLOWSCALE_API_KEY: CANARY })
    try {
      await use(server.url, pod)
      assert.not.match(server.output(), /error|warn/i)
    } finally {
      await server.stop()
      await pod.close()
    }
  }
  const session = randomUUID()
  const headers = { cookie: `session=${session}`, 'content-type': 'multipart/form-data; boundary=b' }
  const execute = '/api/flowscale/api/v1/runs?workflow_id=a9bc45rt2kpm'

  test(`${name}: a caller that leaves ends the request to the pod`, async () => {
    let closed = false
    const hold: Respond = (_, response) => response.on('close', () => (closed = true))
    await withPod(hold, async (url, pod) => {
      const asked = request(`${url}/api/flowscale/api/v1/runs/r-1`, { headers }).end()
      asked.on('error', () => {})
      await until(() => pod.seen.length)
      assert.is(closed, false)
      asked.destroy()
      await until(() => closed)
    })
  })

  test(`${name}: an execute that was sent is seen through`, async () => {
    let answer = () => {}
    let closed = false
    const hold: Respond = (incoming, response) => {
      incoming.resume().on('end', () => {
        answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}')
      })
      response.on('close', () => (closed = true))
    }
    await withPod(hold, async (url, pod) => {
      const asked = request(url + execute, { method: 'POST', headers }).end('--b--')
      asked.on('error', () => {})
      const first = answer
      await until(() => answer !== first)
      asked.destroy()
      // Another request shows that the server has noticed by then.
      assert.is((await fetch(url)).status, 200)
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.is(closed, false)
      answer()
      await until(() => closed)
      assert.is(pod.seen.length, 1)
    })
  })

  test(`${name}: an upload streams, as fast as the pod takes it`, async () => {
    let go = () => {}
    let got = 0
    const hold: Respond = (incoming, response) => {
      incoming.pause()
      go = () => {
        incoming.on('data', (piece) => (got += piece.length)).resume()
        incoming.on('end', () =>
          response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}'),
        )
      }
    }
    await withPod(hold, async (url, pod) => {
      const length = 80 * mib
      const asked = request(url + execute, {
        method: 'POST',
        headers: { ...headers, 'content-length': length },
      })
      let sent = 0
      const send = () => {
        for (let more = true; more && sent < length; sent += mib) more = asked.write(Buffer.alloc(mib))
        if (sent === length) asked.end()
      }
      asked.on('drain', send)
      send()
      await until(() => pod.seen.length)
      // Until it stands still: what lies in the sockets between is out of the hands of the app.
      let last = -1
      for (let same = 0; same < 20; await new Promise((resolve) => setTimeout(resolve, 10))) {
        same = sent === last ? same + 1 : 0
        last = sent
      }
      assert.ok(sent < length / 2, `${sent / mib} MiB left for a pod that takes nothing`)
      go()
      const [answer] = await once(asked, 'response')
      assert.is(answer.statusCode, 200)
      answer.resume()
      assert.is(got, length)
    })
  })

  const serverFile = () => readFileSync(join(app, 'server.mjs'), 'utf8')

  test(`${name}: a body parser before the proxy is an error that names the remedy`, async () => {
    const parser = serverFile().replace(
      'const app = express()\n',
      '$&app.use(express.raw({ type: () => true }))\n',
    )
    assert.is.not(parser, serverFile())
    const started = await startWith('parser', { 'server.mjs': parser })
    const answer = await fetch(started.url + execute, { method: 'POST', headers, body: '--b--' })
    assert.is(answer.status, 500)
    await until(() => started.output().includes('mount the proxy before express.json()'))
    await started.stop()
  })

  test(`${name}: users who sign in`, async () => {
    const server = serverFile()
      .replace("import express from 'express'\n", "$&import { users } from './users.mjs'\n")
      .replace(
        'const app = express()\n',
        '$&app.use((req, res, next) => { req.session = { user: req.query.user }; next() })\n',
      )
      .replace("app.use('/api/flowscale', toNode", "app.use('/api/flowscale', users, toNode")
    const handler = readFileSync(join(app, 'flowscale.mjs'), 'utf8').replace(
      / {2}authorize: [\s\S]*?\n {2}},/,
      `  authorize: ({ headers }) => {
    const user = headers.get('x-user')
    return user ? { groupId: \`user-\${user}\` } : false
  },`,
    )
    const pod = await recordingPod()
    const files = { 'server.mjs': server, 'flowscale.mjs': handler }
    const started = await startWith('signed-in', files, { FLOWSCALE_API_URL: pod.url })
    const ask = (user: string) =>
      fetch(`${started.url}${execute}${user}`, {
        method: 'POST',
        headers: { ...headers, 'x-user': 'eve' },
        body: '--b--',
      })
    assert.is((await ask('')).status, 403)
    assert.is((await ask('&user=ada')).status, 200)
    assert.match(pod.seen[0]!.url, /group_id=user-ada$/)
    await started.stop()
    await pod.close()
  })

  /** Starts the app with other files, in a folder of its own. */
  const startWith = async (name: string, files: Record<string, string>, env: Record<string, string> = {}) => {
    const folder = join(app, name)
    mkdirSync(folder, { recursive: true })
    for (const file of ['flowscale.mjs', 'users.mjs']) cpSync(join(app, file), join(folder, file))
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
    return start({ FLOWSCALE_API_KEY: CANARY, ...env }, folder)
  }
}
