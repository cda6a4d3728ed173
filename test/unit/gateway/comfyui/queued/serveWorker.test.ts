// A worker that lies, repeats, is late, or speaks of a run that is not its own changes nothing.
import { readdirSync } from 'node:fs'
import { assert, said } from '#test'
import { comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import { createGateway, type Gateway } from '../../../../../packages/gateway/src/createGateway.ts'
import type { Engine } from '../../../../../packages/gateway/src/engine.ts'
import { folderQueue } from '../../../../../packages/gateway/src/node/folderQueue.ts'
import { until } from '../../../../support/until.ts'
import { fileOf, files, isRunning, never } from '../kit.ts'
import { later, type Servers, suiteWithServers } from './kit.ts'

const test = suiteWithServers('a gateway before workers that dial in', [{}])

const [KEY, API_KEY] = ['key-of-workers', 'key-of-callers']
type Call = [method: string, path: string, body?: unknown, headers?: Record<string, string>]

/** A gateway before one ComfyUI and the worker `evil`, which is this test. */
async function withWorker(
  { comfies, folder }: Servers,
  use: (site: {
    gateway: Gateway
    engine: Engine
    call(...call: Call): Promise<{ status: number; body: any }>
    /** Asks for news, and answers questions of the gateway with what the ComfyUI says. */
    poll(has?: readonly string[]): Promise<any>
  }) => Promise<void>,
): Promise<void> {
  let engine!: Engine
  const queue = folderQueue(folder)
  const gateway = createGateway({
    engine: (context) => (engine = comfyui({ urls: [comfies[0]!.url] })(context)),
    workflows: files,
    queue,
    apiKey: API_KEY,
    workerKey: KEY,
  })
  const call = async (...[method, path, body, headers = {}]: Call) => {
    const response = await gateway.fetch(`${gateway.url}/api/v1/worker/${path}`, {
      method,
      headers: { 'x-api-key': KEY, 'x-worker': 'evil', 'x-worker-session': 'one', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
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
    await use({ gateway, engine, call, poll })
  } finally {
    gateway.close()
    await queue.close()
  }
}

test('keys, names and forms', async (servers) => {
  await withWorker(servers, async ({ gateway, engine, call }) => {
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
    const forms: [path: string, body: unknown][] = [
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
    for (const [path, body] of forms)
      assert.is((await call('POST', path, body)).status, 400, `${path} ${JSON.stringify(body)}`)
  })
})

test('runs that are another’s, not sent yet, or over; files of other names', async (servers) => {
  await withWorker(servers, async ({ engine, call, poll }) => {
    const submit = async (id: string, values = {}) => {
      const draft = (await engine.draft(id, never))!
      return (await draft.submit({ values, inputs: [], groupId: null, requestId: 'r' })).run.id
    }
    const theirs = await submit('slow', { seconds: 600 })
    await until(
      () => engine.getRun(theirs),
      (run) => isRunning(run!),
    )
    // The gateway is told, question by question, what this worker has.
    const listing = engine.workflows()
    await poll()
    let mine = ''
    const draft = (await engine.draft('copy', never))!
    const photo = await draft.putFile('photo', fileOf('my photo'))
    const submitted = draft.submit({ values: { photo }, inputs: [], groupId: null, requestId: 'r' })
    const news = await until(
      () => poll(),
      ({ runs }) => runs.length > 0,
    )
    mine = (await submitted).run.id
    await listing
    assert.equal([news.holds, news.runs[0].run.id, news.runs[0].files.length], [[mine], mine, 1])
    const [input] = news.runs[0].files
    const picture = `picture_${mine}.png`
    const outcome = (name = picture, more: object = {}) => ({
      status: 'completed',
      error: null,
      startedAt: null,
      completedAt: null,
      files: [{ name, at: {} }],
      ...more,
    })
    const state = async () => {
      const runs = await Promise.all([theirs, mine].map((id) => engine.getRun(id)))
      return JSON.stringify([
        runs.map((run) => ({ ...run, progress: 0 })),
        await engine.containers(),
        readdirSync(servers.folder, { recursive: true })
          .filter((name) => !/lock|jsonl/.test(String(name)))
          .sort(),
      ])
    }
    const attack = async (cases: readonly [what: string, status: number, ...Call][]) => {
      const before = await state()
      for (const [what, wanted, ...request] of cases) {
        const { status, body } = await call(...request)
        assert.is(status, wanted, what)
        assert.not.ok(body.isSent, what)
        assert.is(await state(), before, what)
      }
    }
    const onRun = (what: string, id: string): [string, number, ...Call][] => [
      [`${what}: send`, 200, 'POST', `send/${id}`, {}],
      [`${what}: back`, 410, 'POST', `back/${id}`, {}],
      [`${what}: report`, 410, 'POST', `report/${id}`, { progress: 0.5 }],
      [`${what}: done`, 410, 'POST', `report/${id}`, { progress: 0.5, isDone: true }],
      [`${what}: end`, 410, 'POST', `end/${id}`, outcome(`picture_${id}.png`)],
      [`${what}: end without files`, 410, 'POST', `end/${id}`, outcome('', { files: [], status: 'failed' })],
      [`${what}: input`, 410, 'GET', `inputs/${id}/${input}`],
      [`${what}: output`, 410, 'PUT', `outputs/${id}/picture_${id}.png`, 'x'],
    ]
    const others = [theirs, crypto.randomUUID(), encodeURIComponent('../x'), ''].flatMap((id) =>
      onRun(`run "${id}"`, id),
    )
    const second = { 'x-worker-session': 'two' }
    const repeated: [string, number, ...Call][] = [
      'poll',
      `send/${mine}`,
      `back/${mine}`,
      `report/${mine}`,
      `end/${mine}`,
      'answer/x',
    ].map((path) => [
      `a second worker of this name: ${path}`,
      409,
      'POST',
      path,
      { has: [], stopping: [], isUp: false, progress: 0.1, ...outcome(), text: '' },
      second,
    ])
    const names = [
      `picture_${theirs}.png`,
      `../picture_${mine}.png`,
      `picture_${mine}/../../x.png`,
      `picture_${mine}.png/x`,
      `picture_${mine}.PNG`,
      `picture_${mine}`,
      `picture_${mine}_x.png`,
      `other_${mine}.png`,
      'queue.jsonl',
      '..',
      '',
    ]
    const wrongNames = names.flatMap((name): [string, number, ...Call][] => [
      [`output "${name}"`, 410, 'PUT', `outputs/${mine}/${encodeURIComponent(name)}`, 'x'],
      [`an end with "${name}"`, 410, 'POST', `end/${mine}`, outcome(name)],
      [
        `an end with the text "${name}"`,
        410,
        'POST',
        `end/${mine}`,
        outcome(name, { files: [{ name, text: 'x' }] }),
      ],
    ])
    const always: [string, number, ...Call][] = [
      ...others,
      ...repeated,
      ['another file of the run', 410, 'GET', `inputs/${mine}/${picture}`],
      ['another file', 410, 'GET', `inputs/${mine}/..%2F..%2Fqueue.jsonl`],
      ['an answer to no question', 200, 'POST', 'answer/x', { status: 200, text: '{}' }],
    ]
    await attack([
      ...always,
      ...wrongNames,
      ['before it is sent: report', 410, 'POST', `report/${mine}`, { progress: 0.5 }],
      ['before it is sent: output', 410, 'PUT', `outputs/${mine}/${picture}`, 'x'],
    ])
    assert.is((await call('GET', `inputs/${mine}/${input}`)).body, 'my photo')
    const { mark } = (await call('POST', `send/${mine}`, {})).body
    assert.type(mark, 'number')
    assert.equal((await call('POST', `send/${mine}`, {})).body, { mark })
    assert.is((await call('POST', `back/${mine}`, { mark: mark - 1 })).status, 410)
    assert.is((await call('POST', `back/${mine}`, {})).status, 410)
    await attack([...always, ...wrongNames])
    await call('POST', `report/${mine}`, { progress: 0.7, node: 'n'.repeat(9_000) })
    await call('POST', `report/${mine}`, { progress: 0.2 })
    const going = (await engine.getRun(mine))!
    assert.equal([going.status, going.progress], ['running', 0.7])
    assert.is((await call('PUT', `outputs/${mine}/${picture}`, 'the picture')).status, 200)
    const late = Date.now() + 1e9
    assert.is(
      (await call('POST', `end/${mine}`, outcome(picture, { startedAt: -5, completedAt: late }))).status,
      200,
    )
    const run = (await engine.getRun(mine))!
    assert.equal([run.status, run.files], ['completed', [picture]])
    // A clock that is wrong by days is not believed.
    assert.ok(run.startedAt! >= run.createdAt && run.completedAt! < late)
    await until(() => readdirSync(`${servers.folder}/in`).length === 0)
    await attack([...always, ...onRun('after its end', mine)])
    const file = await engine.readOutput(mine, picture, new Headers(), never)
    assert.is(await file!.text(), 'the picture')
    assert.is((await engine.getRun(theirs))!.status, 'running')
  })
})

test('a worker that is silent loses its name, and is refused when it is late', async (servers) => {
  await withWorker(servers, async ({ engine, call }) => {
    const state = { has: [], stopping: [], isUp: true }
    const another = { 'x-worker-session': 'two' }
    assert.is((await call('POST', 'send/x', {})).status, 200)
    assert.is((await call('POST', 'poll', state, another)).status, 409)
    const { now } = Date
    Date.now = () => now() + 26_000
    try {
      await until(
        async () => (await engine.containers()).find(({ name }) => name === 'evil')!.status === 'stopped',
      )
      assert.is((await call('POST', 'send/x', {}, another)).status, 200)
      // The first one is late.
      assert.is((await call('POST', 'poll', state)).status, 409)
    } finally {
      Date.now = now
    }
  })
})

test('the run of a worker that never comes back fails after a while', async (servers) => {
  await withWorker(servers, async ({ engine, call, poll }) => {
    // The only other server is at work for ever.
    for (const _ of [1, 2]) await servers.submit(engine, 'slow', { seconds: 600 })
    const { id } = await servers.submit(engine, 'slow', { seconds: 600 })
    await until(async () => (await poll()).runs.some(({ run }: any) => run.id === id))
    assert.is((await call('POST', `send/${id}`, {})).status, 200)
    await later(700_000, async () => {
      const run = await servers.until(engine, id)
      assert.is(run.status, 'failed')
      said(run.error!)
      // And its name is forgotten.
      await until(async () => !(await engine.containers()).some(({ name }) => name === 'evil'))
    })
    assert.is((await call('POST', `end/${id}`, { status: 'completed', error: null, files: [] })).status, 410)
  })
})
