// A ComfyUI with something in front of it that wants a login. `readAddress` is internal.
import { inspect } from 'node:util'
import { createGateway } from '@flowscale/gateway'
import { assert, rejects, said, throws } from '#test'
import { readAddress } from '../../../../../packages/gateway/src/comfyui/api/address.ts'
import { createComfyClient, NoAnswer } from '../../../../../packages/gateway/src/comfyui/api/client.ts'
import { type ComfyuiOptions, comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import { EngineError, type Run } from '../../../../../packages/gateway/src/engine.ts'
import { assertNoCanary, CANARY } from '../../../../support/canary.ts'
import { rejection } from '../../../../support/fakes.ts'
import { suiteWithServers } from '../../../../support/suiteWithServers.ts'
import { fileOf, isOver, never, PAGE, refused, suiteOnComfy } from '../kit.ts'

const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`
const LOGIN = basic(`jürgen:${CANARY}@%:`)
const withLogin = (url: string): string =>
  url.replace('//', `//j%C3%BCrgen:${encodeURIComponent(`${CANARY}@%:`)}@`)

const behind = suiteOnComfy('a ComfyUI behind a login', ['0.3.64', '0.8.0'], { comfy: { login: LOGIN } })

behind('a login in the address, or a header: files, runs and progress', async (setup) => {
  const { comfy, another, lines, submit, until } = setup
  for (const options of [{ url: withLogin(comfy.url) }, { headers: { AUTHORIZATION: LOGIN } }]) {
    const engine = another({}, options)
    const heard: Run[] = []
    engine.watch!((run) => void heard.push(run))
    const draft = (await engine.draft('copy', never))!
    const photo = await draft.putFile('photo', fileOf('not read'))
    assert.ok(photo)
    const { id } = await submit('slow', { seconds: 1 }, { by: engine })
    engine.follow!(id)
    await until(id, isOver, engine)
    assert.ok(heard.some((run) => run.id === id && run.progress > 0 && run.progress < 1))
    const { files } = (await engine.getRun(id))!
    assert.is((await engine.readOutput(id, files[0]!, new Headers(), never))!.status, 200)
    const headers = { authorization: LOGIN }
    const path = encodeURIComponent(`flowscale/runs/${id}.json`)
    const record = await (await fetch(`${comfy.url}/userdata/${path}`, { headers })).text()
    assert.not.match(record, new URL(comfy.url).host)
    const seen = [record, lines, await engine.report!(), await engine.getRuns(PAGE), engine]
    for (const one of seen) assertNoCanary(one)
    assert.not.match(inspect(seen, { showHidden: true, depth: 12 }), LOGIN.slice(6))
  }
})

behind('a refused login is said, to callers without the address, and no run is sent', async (setup) => {
  const { comfy, engine, another, submit } = setup
  const wrong = another({}, { url: comfy.url.replace('//', `//other:${CANARY}@`) })
  for (const by of [engine, wrong]) {
    await refused(by.getRun(crypto.randomUUID()))
    await rejects(by.workflows(), EngineError, { status: 503 })
    const { servers } = await by.report!()
    said(servers[0]!.about)
    assert.match(servers[0]!.about, /login/)
    assertNoCanary(servers)
    assert.is((await by.containers())[0]!.status, 'stopped')
  }
  const good = another({}, { headers: { authorization: LOGIN } })
  const draft = (await good.draft('slow', never))!
  comfy.faults.push({ on: 'POST /prompt', do: 'status', status: 401 })
  const submission = { values: {}, inputs: [], groupId: null, requestId: 'r' }
  await rejects(draft.submit(submission), EngineError, { status: 502 })
  assert.equal(comfy.executed.runs, {})
  assert.is(comfy.requests.filter(({ method, path }) => method === 'POST' && path === '/prompt').length, 1)
  comfy.faults.length = 0
  assert.is((await submit('text', {}, { by: good })).status, 'queued')
})

const open = suiteOnComfy('a ComfyUI with a firewall', ['0.8.0'])

open('a 403 counts as a refused login where ComfyUI itself gives none', async (setup) => {
  const { comfy, another, lines, submit } = setup
  comfy.faults.push({ on: 'GET /queue', do: 'status', status: 403 })
  await refused(another().getRun(crypto.randomUUID()))
  comfy.faults.splice(0, 1, { on: 'POST /prompt', do: 'status', status: 403 })
  // A firewall may refuse what ComfyUI has done: the run is not sent again.
  await rejects(submit('slow'), EngineError, { status: 502 })
  comfy.faults.splice(
    0,
    1,
    { on: 'POST /userdata', do: 'status', status: 403 },
    { on: 'GET /userdata', do: 'status', status: 403 },
  )
  const by = another()
  assert.is((await submit('text', {}, { by })).status, 'queued')
  for (const line of lines) said(line)
})

const test = suiteWithServers('addresses and headers of a ComfyUI')

test('an address is stored without its login, in one spelling', () => {
  for (const [given, url, login] of [
    ['http://A:80/', 'http://a'],
    ['https://u:p@a/prefix/', 'https://a/prefix', 'u:p'],
    ['http://u@a:8188', 'http://a:8188', 'u:'],
    ['http://:p@a', 'http://a', ':p'],
    ['http://%F0%9F%94%91:a%3Ab%40@a', 'http://a', '🔑:a:b@'],
  ] as const) {
    const headers = login === undefined ? {} : { authorization: basic(login) }
    assert.equal(readAddress(given), { url, login: headers })
  }
  for (const odd of [
    undefined,
    7,
    'a:b',
    '127.0.0.1:8188',
    'ws://a',
    'http://%zz@a',
    'http://%ff@a',
    'http://a?b',
  ]) {
    assert.is(readAddress(odd), undefined)
  }
})

test('options that name no server, or one twice, and headers that can not be sent', () => {
  const url = 'http://a'
  for (const options of [
    { url: `http://${CANARY}:%zz@a` },
    { urls: [`http://u:${CANARY}@a`, 'http://A/'] },
    { urls: [url, `ftp://u:${CANARY}@b`] },
    ...[
      ...[CANARY, [CANARY], { 'a b': CANARY }, { '': CANARY }, { a: 7 }, { a: '' }],
      ...['\n', '\0', 'ł', ' '].map((end) => ({ authorization: CANARY + end })),
      ...['Host', 'content-length', 'Upgrade', 'sec-websocket-key'].map((name) => ({ [name]: CANARY })),
    ].map((headers) => ({ url, headers })),
  ]) {
    throws(() => comfyui(options as ComfyuiOptions), TypeError)
  }
})

test('nothing shows a login or a header', () => {
  const headers = { authorization: LOGIN, 'x-token': CANARY }
  const engine = comfyui({ url: `http://u:${CANARY}@a`, headers })
  const gateway = createGateway({ engine, workflows: [], apiKey: 'a-key' })
  assertNoCanary(engine)
  assertNoCanary(gateway)
  assertNoCanary(createComfyClient(`http://u:${CANARY}@a`, { headers }))
  gateway.close()
})

test("a caller's abort keeps its reason", async () => {
  const reason = new Error('enough')
  const client = createComfyClient('http://127.0.0.1:2')
  assert.is(await rejection(client.send('/a', { signal: AbortSignal.abort(reason) })), reason)
})

test('a redirect gets no header; the login in an address counts more than a header', async ({ listen }) => {
  const elsewhere: unknown[] = []
  const target = await listen((request, response) => {
    elsewhere.push(request.headers)
    response.end('{}')
  })
  const seen: unknown[] = []
  const front = await listen((request, response) => {
    const { authorization, cookie, 'content-type': type } = request.headers
    seen.push([request.url, authorization, cookie, type])
    response.writeHead(307, { location: target.url }).end()
  })
  const client = createComfyClient(front.url.replace('//', '//u:p@'), {
    headers: { Authorization: 'Bearer other', Cookie: 'a=b' },
  })
  const body = new Blob(['{}']).stream()
  await rejects(client.send('/a'), NoAnswer)
  await rejects(client.send('/b', { method: 'POST', json: {} }), NoAnswer)
  await rejects(client.send('/c', { method: 'POST', body }), NoAnswer)
  await new Promise<void>((onRefused) => client.listen('d', { onMessage() {}, onRefused }))
  const sent = [basic('u:p'), 'a=b'] as const
  assert.equal(seen, [
    ['/a', ...sent, undefined],
    ['/b', ...sent, 'application/json'],
    ['/c', ...sent, undefined],
    ['/ws?clientId=d', ...sent, undefined],
  ])
  assert.equal(elsewhere, [])
})
