// A worker that lies, repeats, is late, or speaks of a run that is not its own changes nothing.
import { readdirSync } from 'node:fs'
import { assert, said } from '#test'
import { comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import { createGateway, type Gateway } from '../../../../../packages/gateway/src/createGateway.ts'
import type { Engine } from '../../../../../packages/gateway/src/engine.ts'
import { folderQueue } from '../../../../../packages/gateway/src/node/folderQueue.ts'
import { until } from '../../../../support/until.ts'
import { files, never } from '../../comfyui/kit.ts'
import { begin, later, type Servers, submit, suiteWithServers } from '../../comfyui/queued/kit.ts'

const suite = suiteWithServers('a gateway before workers that dial in', [{}])
const test = (title: string, use: (site: Site) => Promise<void>): void =>
  suite(title, (servers) => withWorker(servers, use))

const [KEY, API_KEY] = ['key-of-workers', 'key-of-callers']
type Call = [method: string, path: string, body?: unknown, headers?: Record<string, string>]

interface Site {
  readonly gateway: Gateway
  readonly engine: Engine
  readonly folder: string
  /** A header that is empty is not sent. */
  call(...call: Call): Promise<{ status: number; body: any; size: string | null }>
  /** Asks for news, and answers questions of the gateway with what the ComfyUI says. */
  poll(has?: readonly string[]): Promise<any>
}

/** A gateway before one ComfyUI and the worker `evil`, which is this test. */
async function withWorker({ comfies, folder }: Servers, use: (site: Site) => Promise<void>): Promise<void> {
  let engine!: Engine
  const queue = folderQueue({ folder })
  const gateway = createGateway({
    engine: (context) => (engine = comfyui({ url: comfies[0]!.url, workers: true })(context)),
    workflows: files,
    queue,
    apiKey: API_KEY,
    workerKey: KEY,
  })
  const call = async (...[method, path, body, more = {}]: Call) => {
    const headers = { 'x-api-key': KEY, 'x-worker': 'evil', 'x-worker-session': 'one', ...more }
    const response = await gateway.fetch(`${gateway.url}/api/v1/worker/${path}`, {
      method,
      headers: Object.entries(headers).filter(([, value]) => value !== ''),
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const size = response.headers.get('content-length')
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text, size }
  }
  const poll = async (has: readonly string[] = []) => {
    const { status, body } = await call('POST', 'poll', { has, stopping: [], isUp: true })
    assert.is(status, 200)
    for (const { id, path } of body.asks) {
      const answer = await fetch(comfies[0]!.url + path)
      await call('POST', `answer/${id}`, { status: answer.status, text: await answer.text() })
    }
    return body
  }
  try {
    await use({ gateway, engine, folder, call, poll })
  } finally {
    await gateway.close()
  }
}

test('keys, names and forms', async ({ gateway, engine, call }) => {
  const state = { has: [], stopping: [], isUp: true }
  const worker = (name: string, session = 'one') => ({ 'x-worker': name, 'x-worker-session': session })
  const cases: [what: string, status: number, ...Call][] = [
    ['no key', 401, 'POST', 'poll', state, { 'x-api-key': '' }],
    ['a wrong key', 403, 'POST', 'poll', state, { 'x-api-key': `${KEY}x` }],
    ['the key of callers', 403, 'POST', 'poll', state, { 'x-api-key': API_KEY }],
    ['no name', 400, 'POST', 'poll', state, worker('')],
    ['a name with a space', 400, 'POST', 'poll', state, worker('a b')],
    ['a path as a name', 400, 'POST', 'poll', state, worker('../a')],
    ['a long name', 400, 'POST', 'poll', state, worker('a'.repeat(65))],
    ['no session', 400, 'POST', 'poll', state, worker('evil', '')],
    ['an odd session', 400, 'POST', 'poll', state, worker('evil', 'a/b')],
    ['the name of a ComfyUI of the gateway', 409, 'POST', 'poll', state, worker('comfyui-1')],
    ['no action', 404, 'POST', '', state],
    ['an unknown action', 404, 'POST', 'stop', state],
    ['a name that all objects have', 404, 'POST', 'constructor', state],
    ['another method', 404, 'GET', 'poll'],
    ['another method for a file', 404, 'POST', 'inputs/a/b', state],
    ['a path that can not be decoded', 404, 'POST', 'send/%zz', {}],
  ]
  for (const [what, wanted, ...request] of cases) assert.is((await call(...request)).status, wanted, what)
  // Nobody has dialled in by that.
  assert.equal(
    (await engine.containers()).map(({ name }) => name),
    ['comfyui-1', 'queue'],
  )
  for (const path of ['runs', 'comfy/queue', 'comfy/workflows']) {
    const { status } = await gateway.fetch(`${gateway.url}/api/v1/${path}`, {
      headers: { 'x-api-key': KEY },
    })
    assert.is(status, 403, path)
  }
  const forms: [path: string, body: unknown, headers?: Record<string, string>][] = [
    ['poll', state, { 'content-length': '67108865' }],
    ...['', 'x', '[]', 'null', '1', '{'].map((text): [string, string] => ['poll', text]),
    ['poll', {}],
    ['poll', { has: 'x', stopping: [] }],
    ['poll', { has: [1], stopping: [] }],
    ...[-0.1, 1.1, '0.5', null, [0.5]].map((progress): [string, object] => ['report/x', { progress }]),
    ['end/x', {}],
    ['end/x', { status: 'refused', error: null, files: [] }],
    ['end/x', { status: 'queued', error: null, files: [] }],
    ['end/x', { status: 'failed', error: 5, files: [] }],
    ['end/x', { status: 'completed', error: null, files: 'x' }],
    ['end/x', { status: 'completed', error: null, files: [null] }],
    ['end/x', { status: 'completed', error: null, files: [{ name: 5 }] }],
    ['end/x', { status: 'completed', error: null, files: [{ name: 'a', text: 5 }] }],
    ['answer/x', { status: '200', text: 'x' }],
    ['answer/x', { status: 200 }],
  ]
  for (const [path, body, headers] of forms)
    assert.is((await call('POST', path, body, headers)).status, 400, `${path} ${JSON.stringify(body)}`)
})

test('messages are counted as they come, and those that are read at the same time together', async ({
  gateway,
}) => {
  const post = (path: string, body: ReadableStream<Uint8Array> | string) =>
    gateway.fetch(`${gateway.url}/api/v1/worker/${path}`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'x-worker': 'evil', 'x-worker-session': 'one' },
      body,
      duplex: 'half',
    } as RequestInit)
  const MB = 1024 * 1024
  /** Says `{"status":200,"text":"…` of so many bytes, and then nothing until it is told to. */
  const begin = (bytes: number) => {
    let end = () => {}
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const send = (text: string) => controller.enqueue(new TextEncoder().encode(text))
        send(`{"status":200,"text":"`)
        for (let left = bytes; left > 0; left -= MB) send('a'.repeat(MB))
        end = () => {
          send('"}')
          controller.close()
        }
      },
    })
    return { answer: post('answer/x', body), end }
  }
  assert.is((await begin(64 * MB).answer).status, 400)
  const held = [1, 2, 3, 4].map(() => begin(63 * MB))
  const refused = await until(
    () => post('answer/x', `{"status":200,"text":"${'a'.repeat(MB)}"}`),
    ({ status }) => status !== 200,
  )
  assert.equal([refused.status, refused.headers.get('retry-after')], [503, '5'])
  // Short ones always find room.
  assert.is((await post('report/x', '{"progress":1}')).status, 410)
  for (const { end } of held) end()
  for (const { answer } of held) assert.is((await answer).status, 200)
  const more = begin(63 * MB)
  more.end()
  assert.is((await more.answer).status, 200)
})

test('runs that are another’s, not sent yet, or over; files of other names', async ({
  folder,
  engine,
  call,
  poll,
}) => {
  const theirs = (await begin(engine)).id
  // The gateway is told, question by question, what this worker has.
  const listing = engine.workflows()
  await poll()
  const submitted = submit(engine, 'copy', { photo: new TextEncoder().encode('my photo') })
  const news = await until(
    () => poll(),
    ({ runs }) => runs.length > 0,
  )
  const mine = (await submitted).id
  await listing
  assert.equal([news.holds, news.runs[0].run.id, news.runs[0].files.length], [[mine], mine, 1])
  const [input] = news.runs[0].files
  const picture = `picture_${mine}.png`
  const outcome = (name = picture, more: object = {}) => ({
    status: 'completed',
    error: null,
    completedAt: null,
    files: [{ name, at: {} }],
    ...more,
  })
  const state = async () => {
    const runs = await Promise.all([theirs, mine].map((id) => engine.getRun(id)))
    return JSON.stringify([
      runs.map((run) => ({ ...run, progress: 0, node: undefined })),
      await engine.containers(),
      readdirSync(folder, { recursive: true })
        .filter((name) => !/level|reserve|place/.test(String(name)))
        .sort(),
    ])
  }
  type Attack = [status: number, ...Call]
  const attack = async (cases: readonly Attack[]) => {
    const before = await state()
    for (const [wanted, ...request] of cases) {
      const { status, body } = await call(...request)
      assert.equal([status, body.mark, await state()], [wanted, undefined, before], JSON.stringify(request))
    }
  }
  const onRun = (id: string): Attack[] => [
    [200, 'POST', `send/${id}`, {}],
    [410, 'POST', `back/${id}`, {}],
    [410, 'POST', `report/${id}`, { progress: 0.5 }],
    [410, 'POST', `report/${id}`, { progress: 0.5, isDone: true }],
    [410, 'POST', `end/${id}`, outcome(`picture_${id}.png`)],
    [410, 'POST', `end/${id}`, outcome('', { files: [], status: 'failed' })],
    [410, 'GET', `inputs/${id}/${input}`],
    [410, 'PUT', `outputs/${id}/picture_${id}.png`, 'x'],
    [410, 'PUT', `preview/${id}`, 'RIFF1234WEBP'],
  ]
  const others = [theirs, crypto.randomUUID(), encodeURIComponent('../x'), ''].flatMap(onRun)
  const actions = [
    'poll',
    ...['send', 'back', 'report', 'end'].map((action) => `${action}/${mine}`),
    'answer/x',
  ]
  const all = { has: [], stopping: [], isUp: false, progress: 0.1, ...outcome(), text: '' }
  const second = actions.map((path): Attack => [409, 'POST', path, all, { 'x-worker-session': 'two' }])
  const names = [
    `picture_${theirs}.png`,
    `../picture_${mine}.png`,
    `picture_${mine}/../../x.png`,
    `picture_${mine}.png/x`,
    `picture_${mine}.PNG`,
    `picture_${mine}`,
    `picture_${mine}_x.png`,
    `other_${mine}.png`,
    'queue.level',
    '..',
    '',
  ]
  const wrongNames = names.flatMap((name): Attack[] => [
    [410, 'PUT', `outputs/${mine}/${encodeURIComponent(name)}`, 'x'],
    [410, 'POST', `end/${mine}`, outcome(name)],
    [410, 'POST', `end/${mine}`, outcome(name, { files: [{ name, text: 'x' }] })],
  ])
  const always: Attack[] = [
    ...others,
    ...second,
    [410, 'GET', `inputs/${mine}/${picture}`],
    [410, 'GET', `inputs/${mine}/..%2F..%2Fqueue.level`],
    // No question was asked.
    [200, 'POST', 'answer/x', { status: 200, text: '{}' }],
  ]
  await attack([
    ...always,
    ...wrongNames,
    // Before it is sent.
    [410, 'POST', `report/${mine}`, { progress: 0.5 }],
    [410, 'PUT', `outputs/${mine}/${picture}`, 'x'],
    [410, 'PUT', `preview/${mine}`, 'RIFF1234WEBP'],
  ])
  const photo = await call('GET', `inputs/${mine}/${input}`)
  assert.equal([photo.body, photo.size], ['my photo', '8'])
  const { mark } = (await call('POST', `send/${mine}`, {})).body
  assert.type(mark, 'number')
  assert.equal((await call('POST', `send/${mine}`, {})).body, { mark })
  assert.is((await call('POST', `back/${mine}`, { mark: mark - 1 })).status, 410)
  assert.is((await call('POST', `back/${mine}`, {})).status, 410)
  const digits = (count: number) => `picture_${mine}_${'0'.repeat(count)}.png`
  await attack([
    ...always,
    ...wrongNames,
    ...[10, 400].flatMap((count): Attack[] => [
      [422, 'PUT', `outputs/${mine}/${digits(count)}`, 'x'],
      [422, 'POST', `end/${mine}`, outcome(digits(count))],
    ]),
  ])
  await call('POST', `report/${mine}`, { progress: 0.7, node: 'n'.repeat(9_000) })
  await call('POST', `report/${mine}`, { progress: 0.2 })
  const going = (await engine.getRun(mine))!
  assert.equal([going.status, going.progress], ['running', 0.7])
  // An empty one first.
  for (const body of [undefined, 'the picture'])
    assert.is((await call('PUT', `outputs/${mine}/${picture}`, body)).status, 200)
  const late = Date.now() + 1e9
  assert.is((await call('POST', `end/${mine}`, outcome(picture, { completedAt: late }))).status, 200)
  const run = (await engine.getRun(mine))!
  assert.equal([run.status, run.files], ['completed', [picture]])
  // A clock that is wrong by days is not believed.
  assert.ok(run.startedAt! >= run.createdAt && run.completedAt! < late)
  await until(() => readdirSync(`${folder}/in`).length === 0)
  await attack([...always, ...onRun(mine)])
  const file = await engine.readOutput(mine, picture, new Headers(), never)
  assert.is(await file!.text(), 'the picture')
  assert.is((await engine.getRun(theirs))!.status, 'running')
})

test('a worker that is silent loses its name, and is refused when it is late', async ({ engine, call }) => {
  const state = { has: [], stopping: [], isUp: true }
  const another = { 'x-worker-session': 'two' }
  assert.is((await call('POST', 'send/x', {})).status, 200)
  assert.is((await call('POST', 'poll', state, another)).status, 409)
  await later(26_000, async () => {
    await until(
      async () => (await engine.containers()).find(({ name }) => name === 'evil')!.status === 'stopped',
    )
    for (const { name, about } of (await engine.report!()).servers) said(`${name}: ${about}`)
    assert.is((await call('POST', 'send/x', {}, another)).status, 200)
    // The first one is late.
    assert.is((await call('POST', 'poll', state)).status, 409)
  })
})

test('the end of a run, as its worker tells it', async ({ engine, call, poll }) => {
  await begin(engine)
  const { id } = await submit(engine, 'slow')
  await until(async () => (await poll()).runs.some(({ run }: any) => run.id === id))
  await call('POST', `send/${id}`, {})
  assert.is((await call('POST', `report/${id}`, { progress: 1 })).status, 200)
  const [most, completedAt] = [64 * 1024 * 1024, Date.now() + 60_000]
  const outcome = { status: 'failed', error: 'x'.repeat(10_001), completedAt, files: [] }
  const end = (bytes: number) => call('POST', `end/${id}`, outcome, { 'content-length': `${bytes}` })
  assert.equal([(await end(most + 1)).status, (await end(most)).status], [400, 200])
  const run = (await engine.getRun(id))!
  assert.equal([run.status, run.error, run.completedAt], ['failed', 'x'.repeat(10_000), completedAt])
})

test('pictures of its own run, if the run has previews, while somebody asks', async (site) => {
  const { gateway, engine, call, poll } = site
  const put = async (id: string, body = 'RIFF1234WEBP'): Promise<number> =>
    (await call('PUT', `preview/${id}`, body)).status
  const start = async (previews: boolean): Promise<string> => {
    const draft = (await engine.draft('slow', never))!
    const { run } = await draft.submit({ values: {}, inputs: [], groupId: null, requestId: 'r', previews })
    return run.id
  }
  const begun = async (id: string): Promise<string> => {
    await until(poll, ({ holds }) => holds.includes(id))
    await call('POST', `send/${id}`, {})
    return id
  }
  // The ComfyUI of the gateway has a run, so that the next ones are for this worker.
  const theirs = (await begin(engine)).id
  const listing = engine.workflows()
  await poll()
  await listing
  const id = await begun(await start(true))
  assert.is((await poll([id])).previews, undefined)
  assert.equal([await put(id), await put(theirs), await put('x')], [200, 410, 410])
  assert.is((await engine.getRun(id))!.preview, undefined, 'nobody had asked')
  assert.equal((await poll([id])).previews, [id])
  for (const bad of ['<svg onload=alert(1)>', '', `RIFF1234WEBP${'x'.repeat(204_789)}`]) {
    assert.is(await put(id, bad), bad.length > 204_800 ? 400 : 200)
    assert.is((await engine.getRun(id))!.preview, undefined)
  }
  assert.is(await put(id, `RIFF1234WEBP${'x'.repeat(204_788)}`), 200)
  const { preview } = (await engine.getRun(id))!
  assert.ok(preview! > 0)
  const size = async (): Promise<unknown> => (await engine.readPreview!(id))?.data.length
  assert.is(await size(), 204_800)
  // So soon after the first one it takes its place, without news for anybody.
  await put(id)
  assert.equal([await size(), (await engine.getRun(id))!.preview], [12, preview])
  const headers = { 'x-api-key': API_KEY }
  const run = await gateway.fetch(`${gateway.url}/api/v1/runs/${id}`, { headers })
  const link: string = ((await run.json()) as any).data.preview
  const shown = await gateway.fetch(gateway.url + link)
  assert.equal([shown.headers.get('content-type'), await shown.text()], ['image/webp', 'RIFF1234WEBP'])
  await later(1_000, async () => {
    await put(id)
    assert.ok((await engine.getRun(id))!.preview! > preview!)
  })
  // The gateway looks once a second for those that nobody asks for.
  await later(20_000, () => until(async () => !(await poll([id])).previews && (await put(id)) === 200))
  assert.is(await size(), undefined)
  assert.equal([await put(id), await size()], [200, 12])
  await call('POST', `end/${id}`, { status: 'failed', error: null, completedAt: null, files: [] })
  assert.equal(
    [await put(id), await size(), (await gateway.fetch(gateway.url + link)).status],
    [410, undefined, 404],
  )

  const plain = await begun(await start(false))
  assert.is((await engine.getRun(plain))!.preview, undefined)
  assert.is((await poll([plain])).previews, undefined)
  assert.equal([await put(plain), await engine.readPreview!(plain)], [200, undefined])
})
