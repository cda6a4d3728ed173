// A run is submitted once: lost answers, refusals, uploads.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createClient, executeWorkflow, toFile } from '@flowscale/client'
import { comfyui, createGateway, type Gateway, type GatewayOptions } from '@flowscale/gateway'
import { assert, rejects, said } from '#test'
import { EngineError, InputError } from '../../../../../packages/gateway/src/engine.ts'
import type { Fault } from '../../../../comfyui/server/types.ts'
import { rejection } from '../../../../support/fakes.ts'
import { pluck } from '../../../../support/pluck.ts'
import { fileOf, files, graphOf, isOver, never, PAGE, refused, suiteOnComfy, VERSIONS } from '../kit.ts'

let test = suiteOnComfy('submitting to a ComfyUI')

const LOST: Fault[] = [{ on: 'POST /prompt', do: 'reset-after', times: 1 }]

test('a run whose answer is lost is found, and runs once', async ({ comfy, submit, until }) => {
  for (const seconds of [0.1, 1]) {
    comfy.faults.splice(0, 9, ...LOST.map((fault) => ({ ...fault })))
    const { id } = await submit('slow', { seconds })
    assert.is((await until(id, isOver)).status, 'completed')
  }
  assert.equal(Object.values(comfy.executed.runs), [1, 1])
  const posts = comfy.requests.filter(({ method, path }) => method === 'POST' && path === '/prompt')
  assert.is(posts.length, 2)
})

test('a run whose record may not be there is not sent, and is none', async ({ comfy, engine, submit }) => {
  comfy.faults.push({ on: 'POST /userdata/flowscale%2Fruns', do: 'reset-after' })
  await refused(submit('text'), 429)
  assert.equal((await engine.getRuns(PAGE)).runs, [])
  assert.equal(comfy.executed.runs, {})
})

test('only a connection that is refused is tried again', async ({ comfy, another, until, submit }) => {
  let refusals = 2
  const refusing: typeof fetch = async (url, init) => {
    if (!String(url).endsWith('/prompt') || refusals-- <= 0) return fetch(url, init)
    return fetch('http://127.0.0.1:2/prompt', init)
  }
  const by = another({}, { fetch: refusing })
  const { id } = await submit('text', {}, { by })
  assert.is((await until(id, isOver)).status, 'completed')
  refusals = 99
  await rejects(submit('text', {}, { by }), EngineError, { status: 429, runId: undefined })
  assert.is(refusals, 95)
  assert.is((await by.getRuns(PAGE)).total, 1, 'what was never sent is no run')
  assert.is(Object.keys(comfy.executed.runs).length, 1)
})

/** The answer to a submission: its status, its `Retry-After` and the run that it names. */
async function post(gateway: Gateway, workflow: string, fields: Record<string, Blob> = {}) {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  const url = `${gateway.url}/api/v1/runs?workflow_id=${workflow}`
  const response = await gateway.handle(new Request(url, { method: 'POST', body }))
  const { data } = (await response.json()) as { data?: { run_id?: string } }
  return [response.status, response.headers.get('retry-after'), data?.run_id] as const
}

const open = (url: string, fetch?: typeof globalThis.fetch, more: Partial<GatewayOptions> = {}): Gateway =>
  createGateway({ engine: comfyui({ url, fetch }), workflows: files, apiKey: null, ...more })

/** Time-outs of so many ms fire soon. */
async function hurried(timeouts: readonly number[], use: () => Promise<void>): Promise<void> {
  const { setTimeout: before } = globalThis
  globalThis.setTimeout = ((call: () => void, ms: number, ...args: []) =>
    before(call, timeouts.includes(ms) ? 300 : ms, ...args)) as typeof setTimeout
  await use().finally(() => {
    globalThis.setTimeout = before
  })
}

const photo = new Blob([readFileSync('test/comfyui/workflows/example.png')])

test('a submission that failed before POST /prompt is 429', async ({ comfy }) => {
  const ways: Omit<Fault, 'on'>[] = [
    { do: 'reset-before' },
    { do: 'reset-after' },
    { do: 'hang-before' },
    { do: 'status', status: 500 },
    { do: 'status', status: 502 },
  ]
  for (const [on, workflow, fields] of [
    ['GET /object_info', 'text', {}],
    ['POST /upload/image', 'copy', { photo }],
    ['POST /userdata/flowscale%2Fruns', 'text', {}],
  ] as const) {
    for (const way of ways) {
      const gateway = open(comfy.url)
      // Only an upload has 30 s.
      await hurried([10_000, 30_000], async () => {
        comfy.faults.push({ ...way, on })
        assert.equal(await post(gateway, workflow, fields), [429, '5', undefined], `${on}: ${way.do}`)
        comfy.faults.length = 0
      })
      assert.is((await post(gateway, 'batch'))[0], 200)
      gateway.close()
    }
  }
  const away = () => Promise.reject(new Error('away'))
  const storage = { getItem: away, setItem: away, removeItem: away, getKeys: away }
  assert.equal(await post(open(comfy.url, undefined, { storage }), 'text'), [429, '5', undefined])
  await comfy.kill()
  assert.equal(await post(open(comfy.url), 'text'), [429, '5', undefined])
  await comfy.start()
  const sent = comfy.requests.filter(({ path }) => path === '/prompt')
  assert.is(sent.length, 15, 'only the batches')
})

test('a server that gives ids of its own does not keep the run', async ({ comfy, another, submit }) => {
  // As ComfyUI did before 0.3.45.
  const own = crypto.randomUUID()
  const old: typeof fetch = async (url, init) => {
    if (!String(url).endsWith('/prompt')) return fetch(url, init)
    const sent = (await new Response(init!.body).json()) as object
    return fetch(url, { method: 'POST', body: JSON.stringify({ ...sent, prompt_id: own }) })
  }
  const by = another({}, { fetch: old })
  await rejects(submit('slow', { seconds: 60 }, { by }), EngineError, { status: 502 })
  assert.is((await by.getRuns(PAGE)).total, 0)
  const queue = (await (await fetch(`${comfy.url}/queue`)).json()) as Record<string, unknown[]>
  assert.equal([queue.queue_running!.length, queue.queue_pending!.length], [0, 0])
})

test('a refusal names the input, or else the node', async ({ comfy, engine, submit }) => {
  for (const [workflow, values, name] of [
    ['slow', { seconds: 9999 }, 'seconds'],
    ['copy', { photo: 'nope.png' }, 'photo'],
  ] as const) {
    const { problems } = await rejects(submit(workflow, values), InputError)
    assert.equal(pluck(problems, 'loc'), [['body', name]])
  }
  assert.is((await engine.getRuns(PAGE)).total, 0)
  assert.equal(comfy.executed.runs, {})
})

test('a fault of the workflow itself names the node', async ({ another, submit }) => {
  const file = {
    name: 'faulty',
    graph: graphOf({
      1: ['EmptyImage', { width: 99999, height: 8, batch_size: 1, color: 1 }, 'Too wide'],
      2: ['SaveImage', { images: ['1', 0], filename_prefix: 'x' }],
    }),
    sidecar: { inputs: {} },
  }
  await rejects(submit('faulty', {}, { by: another({ workflows: [file] }) }), EngineError, { status: 422 })
})

test('a run that is taken in part is a refusal, and does not run', async (setup) => {
  const { comfy, engine, another, submit, until } = setup
  const file = {
    name: 'half',
    graph: graphOf({
      1: ['EmptyImage', { width: 8, height: 8, batch_size: 1, color: 1 }],
      2: ['SaveImage', { images: ['1', 0], filename_prefix: 'x' }],
      3: ['TestDrawText', { image: ['1', 0], text: 'a', seed: 1, style: 'cubist' }, 'Draw'],
      4: ['SaveImage', { images: ['3', 0], filename_prefix: 'y' }],
    }),
    sidecar: { inputs: { style: { node: '3', input: 'style' } } },
  }
  const by = another({ workflows: [file] })
  const { id } = await submit('slow', { seconds: 0.5 })
  const { problems } = await rejects(submit('half', {}, { by }), InputError)
  assert.equal(problems[0]!.loc, ['body', 'style'])
  await until(id, isOver)
  assert.equal(comfy.executed.runs, { [id]: 1 })
  assert.equal(pluck((await engine.getRuns(PAGE)).runs, 'id'), [id])
})

test('a draft is submitted once, with all that tells its run', async ({ another }) => {
  const sent: any[] = []
  const spy: typeof fetch = async (url, init) => {
    if (!String(url).endsWith('/prompt')) return fetch(url, init)
    // What is sent as a stream is sent again by no runtime.
    assert.instance(init!.body, ReadableStream)
    const body = await new Response(init!.body!).text()
    sent.push(JSON.parse(body))
    return fetch(url, { ...init!, body })
  }
  const engine = another({}, { fetch: spy })
  const draft = (await engine.draft('slow', never))!
  const inputs = [{ path: 'seconds', value: 0.1 }]
  const submission = { values: { seconds: 0.1 }, inputs, groupId: 'g', requestId: 'r' }
  const { run } = await draft.submit(submission)
  await rejects(draft.submit(submission), Error)
  assert.is(sent.length, 1)
  const [{ prompt_id, client_id, extra_data, prompt }] = sent
  assert.equal([prompt_id, client_id], [run.id, run.id])
  const { id, groupId, workflowId } = extra_data.flowscale
  assert.equal([id, groupId, workflowId], [run.id, 'g', 'slow'])
  assert.equal(extra_data.flowscale.shown, run.inputs)
  assert.is(prompt[2].inputs.seconds, 0.1)
})

test('a file is uploaded under a name of its own', async ({ comfy, another, until }) => {
  let redirect: string | undefined
  const spy: typeof fetch = (url, init) => {
    if (String(url).endsWith('/upload/image')) redirect = init!.redirect!
    return fetch(url, init)
  }
  const engine = another({}, { fetch: spy })
  const draft = (await engine.draft('copy', never))!
  const picture = readFileSync(join(comfy.folder, 'input/example.png'))
  const photo = await draft.putFile('photo', fileOf(picture, '../a "b"\r\n/É c.png'))
  const { run } = await draft.submit({ values: { photo }, inputs: [], groupId: null, requestId: 'r' })
  const done = await until(run.id, isOver)
  assert.is(done.status, 'completed')
  assert.is(redirect, 'error', "with any other, Node's fetch keeps the whole file in memory")
  assert.equal(readFileSync(join(comfy.folder, `input/flowscale-${run.id}-1-_c.png`)), picture)
})

test = suiteOnComfy('submitting to a ComfyUI 0.8.0', ['0.8.0'])

test('a run that is not found is reported as one that may have been submitted', async (setup) => {
  const { comfy, engine, submit } = setup
  const odd = ['reset-before', 'html', 'nonsense'] as const
  const errors = await Promise.all(
    odd.map((what) => {
      comfy.faults.push({ on: 'POST /prompt', do: what, times: 1 })
      return rejection(submit('slow'))
    }),
  )
  for (const { name, status, message, runId } of errors) {
    assert.equal([name, status, message.includes(runId)], ['EngineError', 502, true])
    const run = await engine.getRun(runId)
    assert.equal([run!.status, run!.completedAt], ['queued', null], 'it may be on its way')
  }
  const { now } = Date
  Date.now = () => now() + 60_000
  const late = await engine.getRun(errors[0].runId).finally(() => {
    Date.now = now
  })
  assert.is(late!.status, 'failed')
  said(late!.error!)
  assert.equal(comfy.executed.runs, {})
  assert.is(comfy.requests.filter(({ path }) => path === '/prompt').length, 3)
})

test('a submission that may have reached POST /prompt is never 429', async ({ comfy }) => {
  const tcp = createTcpServer()
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  const { port } = tcp.address() as AddressInfo
  const met: Socket[] = []
  tcp.on('connection', (socket) => {
    met.push(socket.on('error', () => {}))
    socket.once('data', (bytes) => {
      const [, way] = /^POST \/(\w+)/.exec(String(bytes))!
      if (way === 'reset') socket.resetAndDestroy()
      if (way === 'close') socket.end()
      if (way === 'half') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"prompt_id":')
    })
  })
  const to = (path: string) => (init: RequestInit) => fetch(`http://127.0.0.1:${port}/${path}`, init)
  const answer = (status: number) => async (init: RequestInit) => {
    await new Response(init.body).text()
    return new Response(null, { status })
  }
  let refusals = 1
  const ways: ((init: RequestInit) => Promise<Response>)[] = [
    to('reset'),
    to('close'),
    to('half'),
    // No answer: the time-out is 30 s.
    to('hang'),
    // The first connection was refused, and the second one was not.
    (init) => (refusals-- > 0 ? fetch('http://127.0.0.1:2/', init) : to('reset')(init)),
    // A route that is lost after the request went out.
    () => Promise.reject(Object.assign(new TypeError('failed'), { code: 'EHOSTUNREACH', syscall: 'read' })),
    ...[302, 500, 502, 503, 504].map(answer),
  ]
  const posts = ways.map(() => 0)
  await hurried([30_000], async () => {
    const answers = await Promise.all(
      ways.map(async (way, index) => {
        const gateway = open(comfy.url, async (url, init) => {
          if (!String(url).endsWith('/prompt')) return await fetch(url, init)
          posts[index]!++
          return await way(init!)
        })
        return await post(gateway, 'text').finally(gateway.close)
      }),
    )
    for (const [index, [status, retryAfter, runId]] of answers.entries()) {
      assert.equal([status, retryAfter, typeof runId], [502, null, 'string'], `way ${index}`)
    }
  })
  assert.equal(posts, [1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1])
  assert.equal(comfy.executed.runs, {})
  for (const socket of met) socket.destroy()
  tcp.close()
})

test('a client repeats a submission whose upload failed, with its file', async ({ comfy }) => {
  const gateway = open(comfy.url)
  const client = createClient({ baseUrl: gateway.url, apiKey: 'k', fetch: gateway.fetch })
  comfy.faults.push({ on: 'POST /upload/image', do: 'reset-before', times: 1 })
  const file = toFile(await photo.arrayBuffer(), 'a.png')
  const { data } = await executeWorkflow(client, 'copy', { photo: file })
  const sent = comfy.requests.filter(({ method }) => method === 'POST').map(({ path }) => path)
  const paths = sent.filter((path) => /upload|prompt/.test(path))
  assert.equal(paths, ['/upload/image', '/upload/image', '/prompt'])
  while (!comfy.executed.runs[data.run_id]) await new Promise((resolve) => setTimeout(resolve, 10))
  gateway.close()
})

test('files are read from hosts that are allowed, and from no other', async ({ another, comfy }) => {
  const asked: string[] = []
  const web = createServer((request, response) => {
    asked.push(request.url!)
    const [, word, to] = /^\/(\w+)(?:\?(.*))?/.exec(request.url!)!
    if (word === 'to') return void response.writeHead(302, { location: decodeURIComponent(to!) }).end()
    if (word === 'gone') return void response.writeHead(404, { location: '/a.png' }).end()
    response.end('bytes')
  })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  const { port } = web.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  const by = another({ inputHosts: [host] })
  const draft = (await by.draft('copy', never))!
  const put = (address: string) => draft.putUrl('photo', address)
  await put(`http://${host}/a.png`)
  await put(`http://${host}/to?/to?/to?/b.png`)
  const stored = comfy.requests.filter(({ path }) => path === '/upload/image')
  assert.is(stored.length, 2)
  const count = asked.length
  for (const address of [
    `http://localhost:${port}/a.png`,
    'http://127.0.0.1/a.png',
    `http://u:p@${host}/a.png`,
    `ftp://${host}/a.png`,
    `${comfy.url}/history`,
    'file:///etc/passwd',
    'nonsense',
  ]) {
    const { problems } = await rejects(put(address), InputError)
    assert.equal(problems[0]!.loc, ['body', 'photo'], address)
  }
  assert.is(asked.length, count, 'nothing was asked for')
  const comfyRequests = comfy.requests.length
  for (const to of [comfy.url, 'file:///etc/passwd', `http://localhost:${port}/a.png`]) {
    await rejects(put(`http://${host}/to?${encodeURIComponent(to)}`), InputError)
  }
  assert.is(comfy.requests.length, comfyRequests)
  for (const path of ['to?/to?/to?/to?/a', 'gone']) await rejects(put(`http://${host}/${path}`), InputError)
  const other = (await another().draft('copy', never))!
  await rejects(other.putUrl('photo', `http://${host}/a.png`), InputError)
  web.closeAllConnections()
  await new Promise((resolve) => web.close(resolve))
})

test('a workflow that is left out, as its id is taken, is not run in the place of the other', async (setup) => {
  const { comfy, another, submit } = setup
  const missing = { 1: { class_type: 'NoSuchNode', inputs: {} } }
  const by = another({
    workflows: [
      { name: 'a', graph: missing, sidecar: { id: 'x', outputs: {} } },
      { ...files[0]!, name: 'b', sidecar: { id: 'x' } },
    ],
  })
  for (const { problem } of await by.workflows()) assert.type(problem, 'string')
  await rejects(submit('x', {}, { by }), EngineError, { status: 422 })
  assert.equal(comfy.executed.runs, {})
})

test('a POST with a file asks ComfyUI for the classes of its workflow once', async ({ comfy }) => {
  // A workflow with a choice that the server lacks is read again for each run: a model may have come.
  const graph = graphOf({
    1: ['LoadImage', { image: 'example.png' }, 'Photo'],
    2: ['TestDrawText', { image: ['1', 0], text: 'a', seed: 42, style: 'invertd' }],
    3: ['SaveImage', { images: ['2', 0], filename_prefix: 'made' }],
  })
  const inputs = { photo: { node: '1', input: 'image' }, style: { node: '2', input: 'style' } }
  const styled = { name: 'styled', graph, sidecar: { inputs } }
  const gateway = createGateway({
    engine: comfyui({ url: comfy.url }),
    workflows: [styled],
    apiKey: 'k',
  })
  const { url: baseUrl, fetch } = gateway
  const client = createClient({ baseUrl, apiKey: 'k', fetch })
  const photo = new Blob([readFileSync(join(comfy.folder, 'input/example.png'))])
  await executeWorkflow(client, 'styled', { photo, style: 'plain' })
  gateway.close()
  const asked = comfy.requests.filter(({ path }) => path.startsWith('/object_info/'))
  assert.equal(asked.map(({ path }) => path.split('/').pop()).sort(), [
    'LoadImage',
    'SaveImage',
    'TestDrawText',
  ])
})

test = suiteOnComfy('uploads to a ComfyUI that takes little', VERSIONS, { comfy: { maxUploadBytes: 1000 } })

test('a file larger than the server takes is 413', async ({ engine }) => {
  const draft = (await engine.draft('copy', never))!
  await rejects(draft.putFile('photo', fileOf(new Uint8Array(5_000_000))), EngineError, { status: 413 })
})
