// What createGateway adds to the HTTP API: its address, its signature, its limits, and who is let in without a key.

import { createHash } from 'node:crypto'
import { comfyui, createGateway, type EngineMaker, type GatewayOptions } from '@flowscale/gateway'
import type { EngineContext } from '@flowscale/gateway/http'
import { serve } from '@flowscale/gateway/node'
import { assert, rejects, said, suite } from '#test'
import { logged } from '../../../packages/gateway/src/command/print.ts'
import { createSign } from '../../../packages/gateway/src/http/links.ts'
import { createStored, keepSecret, recordPaths } from '../../../packages/gateway/src/records/recordStore.ts'
import { createRunIndex } from '../../../packages/gateway/src/records/runIndex.ts'
import { startComfy } from '../../comfyui/server/startComfy.ts'
import { listen } from '../../support/listen.ts'
import { until } from '../../support/until.ts'
import { files } from './comfyui/kit.ts'
import { fakeEngine } from './fakeEngine.ts'
import { createStorage, endedOf } from './records/kit.ts'

const test = suite('createGateway')
const KEY = 'a-key'
const maker: EngineMaker = () =>
  fakeEngine({ readOutput: async () => new Response('pic', { headers: { 'content-type': 'image/png' } }) })

const make = (options: Partial<GatewayOptions> = {}) =>
  createGateway({ engine: maker, workflows: [], apiKey: KEY, ...options })
type Made = ReturnType<typeof make>

const get = (gateway: Made, url: string, headers: Record<string, string> = { 'x-api-key': KEY }) =>
  gateway.handle(new Request(new URL(url, gateway.url), { headers }))

async function linkOf(gateway: Made, headers: Record<string, string> = {}): Promise<string> {
  const { data } = await (await get(gateway, '/api/v1/runs/r1', { 'x-api-key': KEY, ...headers })).json()
  return data.outputs[0].url
}

test('links start with publicUrl, whatever Host says, and lead back', async () => {
  const gateway = make({ publicUrl: 'https://gpu.example.com/' })
  const evil = { host: 'evil.test', 'x-forwarded-host': 'evil.test' }
  const link = await linkOf(gateway, evil)
  assert.match(link, /^https:\/\/gpu\.example\.com\/generations\/r1\//)
  assert.is(await (await get(gateway, link, {})).text(), 'pic')
  assert.is(gateway.url, 'https://gpu.example.com')
})

test('where it is served, links lead there, or to publicUrl', async () => {
  for (const publicUrl of [undefined, 'https://gpu.example.com']) {
    const gateway = make({ publicUrl })
    const served = await serve(gateway)
    const response = await fetch(`${served.url}/api/v1/runs/r1`, { headers: { 'x-api-key': KEY } })
    const [{ url }] = (await response.json()).data.outputs
    assert.is(new URL(url).origin, publicUrl ?? served.url)
    await served.close()
  }
})

test('gateways of one key, or of one secret, take each other’s links; others do not', async () => {
  const open = async (from: Partial<GatewayOptions>, by: Partial<GatewayOptions>): Promise<number> =>
    (await get(make(by), await linkOf(make(from)), {})).status
  assert.is(await open({}, {}), 200)
  assert.is(await open({ secret: 's' }, { secret: 's' }), 200)
  assert.is(await open({}, { secret: 's' }), 403)
  assert.is(await open({ secret: 's' }, { secret: 't' }), 403)
})

test('without a key and a secret, links are signed by the secret of the engine, or of this gateway alone', async () => {
  const storage = createStorage()
  const engine: EngineMaker = (context) => ({
    ...maker(context),
    secret: () => keepSecret(createStored(storage)),
  })
  const [own, ...kept] = [maker, engine, engine].map((engine) => make({ apiKey: null, engine }))
  const status = async (from: Made, by: Made) => (await get(by, await linkOf(from), {})).status
  // Two requests come first at one moment.
  await Promise.all([linkOf(own!), linkOf(own!)])
  assert.equal(
    [await status(own!, own!), await status(kept[0]!, kept[1]!), await status(own!, kept[0]!)],
    [200, 200, 403],
  )
  const path = new URL(await linkOf(own!)).pathname
  const signature = await createSign('')(`${path}\n9999999999999`)
  assert.is((await get(own!, `${path}?expires=9999999999999&signature=${signature}`, {})).status, 403)
})

test('the fetch of a gateway goes to where a link leads, and nowhere else', async () => {
  const asked: unknown[] = []
  const elsewhere = await listen(({ method, headers }, answer) => {
    asked.push([method, headers.range, headers['x-api-key'], headers.cookie])
    answer.end('there')
  })
  const headers = { 'content-type': 'image/png', location: `${elsewhere.url}/a` }
  const gateway = make({
    engine: () => fakeEngine({ readOutput: async () => new Response('', { headers }) }),
  })
  const link = await linkOf(gateway)
  const found = await gateway.fetch(link, { headers: { range: 'bytes=0-', 'x-api-key': KEY, cookie: 'a=b' } })
  // The key goes no further.
  assert.equal([await found.text(), asked], ['there', [['GET', 'bytes=0-', undefined, undefined]]])
  assert.is((await gateway.fetch(link, { redirect: 'manual' })).status, 302)
  await rejects(gateway.fetch(elsewhere.url), TypeError)
  assert.is(asked.length, 1)
  await elsewhere.close()
})

test('a link expires', async () => {
  const link = await linkOf(make({ urlTtlMs: 1 }))
  const expires = Number(new URL(link).searchParams.get('expires'))
  while (Date.now() <= expires) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.is((await get(make(), link, {})).status, 403)
})

test('the records of one ComfyUI go after keepDays', async () => {
  const comfy = await startComfy({ version: '0.8.0', speed: 100 })
  const storage = createStorage()
  const place = createStored(storage)
  const [old, young] = [8, 6].map((days) => endedOf(crypto.randomUUID(), Date.now() - days * 86_400_000))
  for (const ended of [old!, young!]) {
    await place.write(recordPaths(ended.run.id).end, ended)
    await createRunIndex(place).end(ended)
  }
  const gateway = make({ engine: comfyui({ url: comfy.url }), workflows: files, storage, keepDays: 7 })
  const has = (ended = old!) => [...storage.items.keys()].some((key) => key.includes(ended.run.id))
  try {
    assert.ok(has())
    const init = { method: 'POST', headers: { 'x-api-key': KEY } }
    assert.is((await gateway.fetch(`${gateway.url}/api/v1/runs?workflow_id=batch`, init)).status, 200)
    await until(() => !has())
    assert.ok(has(young))
  } finally {
    gateway.close()
    await comfy.stop()
  }
})

const body = new URLSearchParams({ text: 'x'.repeat(500) })

test('a body above maxBodyBytes is 413', async () => {
  const send = async (maxBodyBytes: number): Promise<number> => {
    const gateway = make({ maxBodyBytes })
    const request = new Request(`${gateway.url}/api/v1/runs?workflow_id=w`, {
      method: 'POST',
      headers: { 'x-api-key': KEY },
      body,
    })
    return (await gateway.handle(request)).status
  }
  assert.equal([await send(100), await send(10_000)], [413, 200])
})

test('of the limits of the gateway and its server the smaller one counts', async () => {
  const send = async (own: number | undefined, maxBodyBytes: number | undefined): Promise<number> => {
    const served = await serve(make({ maxBodyBytes: own }), { maxBodyBytes })
    const url = `${served.url}/api/v1/runs?workflow_id=w`
    const { status } = await fetch(url, { method: 'POST', headers: { 'x-api-key': KEY }, body })
    await served.close()
    return status
  }
  assert.equal(
    [await send(undefined, 100), await send(10_000, 100), await send(100, 10_000)],
    [413, 413, 413],
  )
  assert.equal([await send(undefined, undefined), await send(10_000, 10_000)], [200, 200])
})

test('a server of files has the links, and no API', async () => {
  const gateway = make()
  const served = await serve(gateway, { files: true })
  const { pathname, search } = new URL(await linkOf(gateway))
  assert.is(await (await fetch(served.url + pathname + search)).text(), 'pic')
  const answer = await fetch(`${served.url}/api/v1/runs/r1`)
  assert.match(await answer.text(), '<Code>AccessDenied</Code>')
  await served.close()
})

test('serve refuses unknown options and wrong values', async () => {
  for (const [name, ...values] of [
    ['maxUploadBytes', 1],
    ['port', -1, 65_536, '80', 1.5],
    ['hostname', '', 5],
    ['files', 'yes'],
    ['linksTo', 'http://a'],
    ['maxBodyBytes', 0, Number.NaN, '1', null],
    ['sockets', true],
  ] as const) {
    for (const value of values) {
      const outcome = await serve(make(), { [name]: value }).catch((error) => error)
      await outcome.close?.()
      assert.instance(outcome, TypeError, `${name}: ${value}`)
      assert.match(outcome.message, `"${name}"`)
    }
  }
})

test('without a key this machine is let in, and no page of another site', async () => {
  const gateway = make({ apiKey: null })
  const host = '127.0.0.1:4188'
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await get(gateway, '/api/v1/runs/r1', headers)).status
  assert.is(await status({}), 200)
  for (const own of [host, '127.0.0.1', 'LocalHost:80', '[::1]:4188']) {
    assert.is(await status({ host: own }), 200)
    assert.is(await status({ host: own, origin: `http://${own}` }), 200)
    assert.is(await status({ host: own, origin: `http://${own}.evil.test` }), 403)
  }
  assert.is(await status({ origin: 'http://null' }), 403)
  assert.is(await status({ host, origin: 'https://evil.test' }), 403)
  assert.is(await status({ host: 'evil.test:4188' }), 403)
})

test('an engine gets the workflows, the hosts and the storage, and its log goes to the logger, which shows no control', async () => {
  let given: EngineContext | undefined
  const lines: string[] = []
  const storage = {
    getItem: async () => null,
    setItem: async () => {},
    removeItem: async () => {},
    getKeys: async () => [],
  }
  const workflows = [{ name: 'a', graph: {} }]
  make({
    engine: (context) => {
      given = context
      return fakeEngine()
    },
    workflows,
    storage,
    inputHosts: ['images.test'],
    logger: { warn: (line) => void lines.push(line) },
  })
  given!.log('warn', 'careful\u001b[2J\u202e\r\n  key     forged\u009b')
  given!.log('debug', 'nobody listens')
  assert.equal(lines, ['careful\\x1b[2J\\u202e key     forged\\x9b'])
  assert.equal([given!.workflows, given!.inputHosts], [workflows, ['images.test']])
  assert.is(given!.storage, storage)
})

test('its fetch reaches itself and nothing else', async () => {
  const gateway = make()
  const response = await gateway.fetch(`${gateway.url}/api/v1/runs/r1`, { headers: { 'x-api-key': KEY } })
  assert.is(response.status, 200)
  const { cause } = await rejects(gateway.fetch('http://elsewhere.test/'), TypeError)
  said(String(cause))
})

test('the log has each request but the news of workers, and never a key', async () => {
  const lines: string[] = []
  const other = 'key-of/workers'
  const served = await serve(logged(make(), (line) => void lines.push(line), other))
  const cases: [path: string, line: string][] = [
    ...['/api/v1/ws', '/elsewhere'].flatMap((path): [string, string][] =>
      ['api_key', 'API_KEY', 'api%5Fkey', 'x-api-key', 'X-API-KEY', 'x_api_key', 'apikey'].flatMap((name) => [
        [`${path}?${name}=another`, `${path}?${name}=…`],
        [`${path}?a=1&${name}=another&b=2`, `${path}?a=1&${name}=…&b=2`],
        [`${path}?x=1?${name}=a/b`, `${path}?x=1?${name}=…`],
      ]),
    ),
    [`/api/v1/runs/${KEY}`, '/api/v1/runs/…'],
    [`/${encodeURIComponent(KEY).replace(/^./, (letter) => `%${letter.charCodeAt(0).toString(16)}`)}`, '/…'],
    [`/api/v1/runs?${KEY}=1&group_id=${KEY}`, '/api/v1/runs?…=1&group_id=…'],
    [`/x/${other}/y?a=${encodeURIComponent(other)}`, '/x/…/y?a=…'],
    ['/x?a=fsk_of_another_pod%', '/x?a=…'],
    ['/fsk_of_another_pod', '/…'],
    ['/x?monkey=a&key_api=b', '/x?monkey=a&key_api=b'],
    // The query is a signature.
    [`/generations/r1/a.png?api_key=${KEY}`, '/generations/r1/a.png'],
    ['/elsewhere?a=/api/v1/worker/poll', '/elsewhere?a=/api/v1/worker/poll'],
    ['/api/v1/worker/poll', '/api/v1/worker/poll'],
  ]
  for (const [path, line] of cases) {
    const { status } = await fetch(served.url + path)
    assert.is(lines.pop()?.replace(/\d+ ms$/, 'ms'), `GET ${line} ${status} ms`, path)
  }
  await served.close()
  const ok: Pick<Made, 'apiKey' | 'handle'> = { apiKey: KEY, handle: async () => new Response() }
  const answering = logged(ok, (line) => void lines.push(line))
  // News that a worker gets, and questions that come every few seconds.
  for (const path of ['api/v1/worker/poll', 'metrics', 'healthz', 'readyz'])
    await answering.handle(new Request(`http://x.test/${path}`), { filesUrl: '' })
  assert.equal(lines, [])
  const sha256 = createHash('sha256').update(KEY).digest('hex')
  const owned = make({ apiKey: undefined, keys: [{ name: 'shop', sha256 }], secret: 's' })
  const headers = { 'x-api-key': KEY }
  const api = logged(owned, (line) => void lines.push(line))
  await api.handle(new Request('http://x.test/api/v1/runs', { headers }), { filesUrl: '' })
  assert.match(lines[0]!, /^GET \/api\/v1\/runs 200 \d+ ms \(shop\)$/)
})
