// Answers that wait for a run: through nginx and Caddy, while the gateway closes, and for 500 callers at once.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { cancelRun, createClient, getRun, getRuns } from '@flowscale/client'
import { assert, suite } from '#test'
import { ensure } from '../../scripts/lib/ensure.mjs'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { freePort } from '../support/listen.ts'
import { startGateway } from '../support/startProcess.ts'
import { until } from '../support/until.ts'
import { memoryOf } from './bigFile.ts'

const test = suite('answers that wait')
const CALLERS = 500
/** What 500 callers may add. */
const MOST_MB = 60
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
const start = { method: 'POST', path: '/api/v1/workflows/nev3rend5run/runs', body: '{}' }
ensure('nginx', 'caddy')

interface Caller {
  readonly answer: IncomingMessage
  /** What has come so far. */
  text: string
  isOver: boolean
}

/** Asks, and gives the answer once its headers are there. */
async function ask(
  url: string,
  { method = 'GET', path = '', body = '' },
  prefer = 'wait=300',
): Promise<Caller> {
  const headers = {
    'x-api-key': CANARY,
    'content-type': 'application/json',
    'accept-encoding': 'gzip',
    prefer,
  }
  const sent = request(url + path, { method, headers, agent }).end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const caller: Caller = { answer, text: '', isOver: false }
  const isZipped = answer.headers['content-encoding'] === 'gzip'
  const stream = isZipped ? answer.pipe(createGunzip()) : answer
  stream.on('data', (piece) => (caller.text += piece)).on('end', () => (caller.isOver = true))
  return caller
}

const ended = async (caller: Caller): Promise<string> => {
  await until(() => caller.isOver)
  assert.ok(caller.answer.complete)
  return JSON.parse(caller.text).data.status
}

/** A proxy before a gateway, that gives up a silent connection soon, and packs what it passes on. */
async function startProxy(name: 'nginx' | 'caddy', gatewayUrl: string, folder: string) {
  const port = await freePort()
  const { host } = new URL(gatewayUrl)
  const file = join(folder, name)
  const config = {
    nginx: `daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1;
server { listen 127.0.0.1:${port}; proxy_read_timeout 25s; location / { proxy_http_version 1.1; proxy_pass http://${host}; } } }`,
    caddy: `{\n admin off\n}\nhttp://127.0.0.1:${port} {\n encode gzip\n reverse_proxy ${host} {\n transport http {\n read_timeout 25s\n }\n }\n}\n`,
  }[name]
  writeFileSync(file, config)
  const command = {
    nginx: ['/usr/sbin/nginx', '-c', file],
    caddy: ['/usr/bin/caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
  }[name]
  const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child = spawn(command[0]!, command.slice(1), { stdio: 'ignore', env })
  const url = `http://127.0.0.1:${port}`
  await until(() => fetch(url).then(Boolean, () => false))
  return {
    url,
    async stop() {
      const gone = once(child, 'exit')
      child.kill()
      await gone
    },
  }
}

async function play(
  flags: (folder: string) => string[],
  use: (setup: {
    comfy: Awaited<ReturnType<typeof startComfy>>
    gateway: Awaited<ReturnType<typeof startGateway>>
    url: string
    folder: string
    client: ReturnType<typeof createClient>
  }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'waits-'))
  const comfy = await startComfy({ version: '0.8.0' })
  const all = ['--port', '0', '--api-key', CANARY, ...flags(folder)]
  const gateway = await startGateway(comfy.url, 'test/conformance/gateway', all)
  const { url } = gateway.told
  try {
    await use({ comfy, gateway, url, folder, client: createClient({ baseUrl: url, apiKey: CANARY }) })
  } finally {
    await Promise.all([gateway.kill(), comfy.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}

test('spaces come through nginx and Caddy, and the last known state when the gateway closes', async () => {
  await play(
    () => [],
    async ({ gateway, url, folder, client }) => {
      const proxies = await Promise.all(
        (['nginx', 'caddy'] as const).map((name) => startProxy(name, url, folder)),
      )
      try {
        const urls = [url, ...proxies.map((proxy) => proxy.url)]
        const started = await Promise.all(urls.map((one) => ask(one, start)))
        for (const { answer } of started) assert.is(answer.headers['preference-applied'], 'wait=300')
        for (const caller of started) await until(() => caller.text === '  ')
        const { runs } = (await getRuns(client)).data
        const ids = runs.map(({ _id }) => _id!)
        const asked = await Promise.all(urls.map((one) => ask(one, { path: `/api/v1/runs/${ids[0]}` })))
        for (const id of ids.slice(1)) await cancelRun(client, id)
        await until(() => started.filter(({ isOver }) => isOver).length === 2)
        // It may have waited behind the others.
        await until(async () => (await getRun(client, ids[0]!)).data.status === 'running')
        await gateway.stop()
        const states = await Promise.all(started.map(ended))
        assert.equal(states.sort(), ['cancelled', 'cancelled', 'running'])
        for (const caller of asked) assert.is(await ended(caller), 'running')
      } finally {
        await Promise.all(proxies.map((proxy) => proxy.stop()))
      }
    },
  )
})

for (const [name, flags] of [
  ['without a queue', () => []],
  ['with a queue', (folder: string) => ['--data', join(folder, 'data')]],
] as const) {
  test(`${name}: ${CALLERS} callers of a run`, async () => {
    await play(flags, async ({ comfy, gateway, url, client }) => {
      const { data } = JSON.parse(await textOf(await ask(url, start, 'wait=0')))
      const path = `/api/v1/runs/${data.run_id}`
      await until(
        async () => JSON.parse(await textOf(await ask(url, { path }, 'wait=0'))).data.status === 'running',
      )
      const questions = async (work: () => Promise<Caller[]>): Promise<[Caller[], number]> => {
        const before = comfy.requests.length
        const callers = await work()
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        return [callers, comfy.requests.length - before]
      }
      const [one, ofOne] = await questions(async () => [await ask(url, { path })])
      const memory = memoryOf(gateway.pid)
      const [many, ofMany] = await questions(() =>
        Promise.all(Array.from({ length: CALLERS }, () => ask(url, { path }))),
      )
      const added = memoryOf(gateway.pid) - memory
      console.log(
        `[show] ${name}: one caller asks ComfyUI ${ofOne} times in 3 s, ${CALLERS} more ${ofMany} times; ${added.toFixed()} MB more`,
      )
      assert.ok(added < MOST_MB, `${added} MB`)
      assert.ok(ofMany < 3 * ofOne + 10, `${ofMany} questions`)
      await cancelRun(client, data.run_id)
      for (const caller of [...one, ...many]) assert.is(await ended(caller), 'cancelled')
    })
  })
}

async function textOf(caller: Caller): Promise<string> {
  await until(() => caller.isOver)
  return caller.text
}
