// The runs of a ComfyUI: their states, outputs and messages, as its engine tells them.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert, rejects, said } from '#test'
import { EngineError, type Run } from '../../../../packages/gateway/src/engine.ts'
import { startComfy } from '../../../comfyui/server/startComfy.ts'
import { pluck } from '../../../support/pluck.ts'
import { until as untilRight } from '../../../support/until.ts'
import { files, graphOf, isOver, isRunning, never, PAGE, refused, suiteOnComfy } from './kit.ts'

let test = suiteOnComfy('runs of a ComfyUI')

test('a run waits, runs and completes', async ({ engine, submit, until }) => {
  const first = await submit('slow', { seconds: 0.3 }, { groupId: 'g' })
  const second = await submit('slow', { seconds: 0.1 })
  assert.match(first.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  await until(first.id, isRunning)
  const waiting = (await engine.getRun(second.id))!
  assert.is(waiting.status, 'queued')
  assert.is(waiting.position, 1)
  const run = await until(second.id, isOver)
  assert.is(run.status, 'completed')
  assert.is(run.progress, 1)
  assert.equal(run.outputNames, [`picture_${run.id}`])
  assert.equal(run.files, [`picture_${run.id}.png`])
  assert.ok(run.startedAt! >= run.createdAt && run.completedAt! >= run.startedAt!)
  assert.is((await engine.getRun(first.id))!.groupId, 'g')
  const seed = run.inputs.find(({ path }) => path === 'seed')
  assert.ok(Number.isSafeInteger(seed?.value), 'a seed that was drawn is shown')
})

test('runs of others count before a run, and are no runs', async ({ comfy, engine, submit }) => {
  const theirs = crypto.randomUUID()
  const [{ graph }] = files as [(typeof files)[number]]
  await fetch(`${comfy.url}/prompt`, {
    method: 'POST',
    body: JSON.stringify({ prompt: graph, prompt_id: theirs, client_id: 'them' }),
  })
  const { id } = await submit('slow')
  assert.is((await engine.getRun(id))!.position, 1)
  assert.is(await engine.getRun(theirs), undefined)
  assert.is(await engine.cancelRun(theirs), undefined)
  assert.is(await engine.findOutput(`picture_${theirs}.png`), undefined)
  for (const odd of ['', '..', 'a/../b', '../runs', id.toUpperCase(), `${id}.json`]) {
    assert.is(await engine.getRun(odd), undefined)
  }
  const { runs, total } = await engine.getRuns(PAGE)
  assert.equal([total, runs.map((run) => run.id)], [1, [id]])
  assert.is((await fetch(`${comfy.url}/queue`).then((r) => r.json())).queue_running[0][1], theirs)
})

test('several pictures and texts are files', async ({ engine, submit, until }) => {
  const batch = await until((await submit('batch')).id, isOver)
  const name = `picture_${batch.id}`
  assert.equal(batch.files, [`${name}.png`, `${name}_2.png`, `${name}_3.png`])
  const text = await until((await submit('text')).id, isOver)
  assert.equal(text.files, [`said_${text.id}.txt`])
  const answer = (await engine.readOutput(text.id, text.files[0]!, new Headers(), never))!
  assert.is(answer.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.is(await answer.text(), 'héllo')
})

test('a run whose nodes are all cached has its outputs', async ({ comfy, submit, until }) => {
  await until((await submit('text')).id, isOver)
  const again = await until((await submit('text')).id, isOver)
  assert.is(again.status, 'completed')
  assert.equal(again.files, [`said_${again.id}.txt`])
  assert.is(Object.keys(comfy.executed.runs).length, 2)
})

test('one odd answer ends no run', async ({ comfy, submit, until }) => {
  const { id } = await submit('text')
  comfy.faults.push({ on: 'GET /history', do: 'status', status: 500, times: 1 })
  assert.is((await until(id, isOver)).status, 'completed')
})

test('a failure names the node, and shows no traceback', async ({ submit, until }) => {
  const run = await until((await submit('failing', { seconds: 0.1 })).id, isOver)
  assert.is(run.status, 'failed')
  assert.is(run.error, 'Slow: TestSleep was asked to fail')
})

test('an end that was seen stays, whatever happens to ComfyUI', async (setup) => {
  const { comfy, engine, another, submit, until } = setup
  const { id } = await until((await submit('slow', { seconds: 0.1 })).id, isOver)
  await comfy.kill()
  assert.is((await engine.getRun(id))!.status, 'completed')
  await comfy.start()
  const run = (await another().getRun(id))!
  assert.is(run.status, 'completed')
  assert.is((await another().readOutput(id, run.files[0]!, new Headers(), never))!.status, 200)
})

test('a server that is away is 503; one that comes back without a run fails it', async (setup) => {
  const { comfy, engine, another, submit, until } = setup
  const running = await submit('slow', { seconds: 60 })
  const waiting = await submit('slow', { seconds: 60 })
  await until(running.id, isRunning)
  await comfy.kill()
  for (const by of [engine, another()]) await refused(by.getRun(waiting.id))
  await refused(engine.getRun(crypto.randomUUID()))
  await comfy.start()
  for (const { id } of [running, waiting]) {
    const run = await until(id, isOver)
    assert.is(run.status, 'failed')
    said(run.error!)
  }
  assert.is(await engine.getRun(crypto.randomUUID()), undefined)
  assert.equal(Object.values(comfy.executed.runs), [1])
})

test('unusable answers are 503, too', async ({ comfy, engine, another, submit }) => {
  const { id } = await submit('slow', { seconds: 60 })
  for (const fault of [
    { do: 'html' },
    { do: 'nonsense' },
    { do: 'status', status: 500 },
    { do: 'status', status: 502 },
    { do: 'status', status: 302 },
    { do: 'reset-before' },
    { do: 'reset-after' },
  ] as const) {
    for (const on of ['GET /queue', 'GET /userdata']) {
      comfy.faults.splice(0, 9, { on, ...fault })
      // One that has read no queue before.
      const by = another()
      for (const asked of [id, crypto.randomUUID()]) await refused(by.getRun(asked))
    }
  }
  comfy.faults.length = 0
  assert.is((await engine.getRun(id))!.completedAt, null)
})

test('a result that ComfyUI fails to tell is a failure', async ({ another, submit, until }) => {
  const file = {
    name: 'bad',
    graph: graphOf({
      1: ['TestBadOutput', { seed: 1 }],
      2: ['EmptyImage', { width: 8, height: 8, batch_size: 1, color: 1 }],
      3: ['SaveImage', { images: ['2', 0], filename_prefix: 'bad' }],
    }),
  }
  const by = another({ workflows: [file] })
  const run = await until((await submit('bad', {}, { by })).id, isOver, by)
  assert.is(run.status, 'failed')
  said(run.error!)
})

test('an output that is missing at the end fails the run', async ({ another, submit, until }) => {
  const forgetful: typeof fetch = async (url, init) => {
    const response = await fetch(url, init)
    if (!String(url).includes('/history/')) return response
    const entries = await response.json()
    for (const entry of Object.values<any>(entries)) entry.outputs = {}
    return Response.json(entries)
  }
  const by = another({}, { fetch: forgetful })
  const run = await until((await submit('text', {}, { by })).id, isOver, by)
  assert.equal([run.status, run.error, run.files], ['failed', 'node "FSSaveText" wrote no file', []])
})

test('workflows that the server can not run are named', async ({ another, lines }) => {
  const odd = { name: 'odd', graph: graphOf({ 7: ['NoSuchNode', {}, 'Odd one'] }) }
  const by = another({ workflows: [...files, odd, { name: 'broken', graph: [] }] })
  const workflows = await by.workflows()
  const broken = workflows.filter(({ problem }) => problem !== undefined)
  assert.equal(pluck(broken, 'id'), ['odd', 'broken'])
  assert.equal(pluck(broken, 'name'), ['odd', 'broken'])
  assert.is(workflows.length - broken.length, files.length)
  for (const line of lines) said(line)
  const { message } = await rejects(by.draft('odd', never), EngineError, { status: 422 })
  assert.is(broken[0]!.problem, message)
  assert.is(await by.draft('nope', never), undefined)
})

test('the report and the refusal of a run name a choice that the server does not have', async (setup) => {
  const { comfy, another, lines, submit } = setup
  const graph = graphOf({
    1: ['EmptyImage', { width: 8, height: 8, batch_size: 1, color: 255 }],
    2: ['TestDrawText', { image: ['1', 0], text: 'a', seed: 42, style: 'invertd' }, 'Draw'],
    3: ['SaveImage', { images: ['2', 0], filename_prefix: 'made' }],
  })
  const by = another({ workflows: [{ name: 'styled', graph }] })
  const { workflows } = await by.report!()
  said(pluck(workflows, 'problem').join())
  // Its problem may be a list that the server does not hold to: it is there for callers.
  assert.is((await by.workflows()).length, 1)
  await rejects(submit('styled', {}, { by }), EngineError, { status: 422 })
  const { queue_pending, queue_running } = (await (await fetch(`${comfy.url}/queue`)).json()) as any
  assert.equal([queue_pending, queue_running, comfy.executed.runs], [[], [], {}])
  assert.equal(lines, [], 'what is in the report is not logged, too')
  await another({ workflows: [{ name: 'styled', graph }] }).workflows()
  said(lines.join())
})

test('containers show waiting runs, a dead worker and a server that is away', async (setup) => {
  const { comfy, engine, another, submit, until } = setup
  assert.equal(await engine.containers(), [
    { name: 'ComfyUI', url: 'comfyui', status: 'idle', running: [], pending: [] },
  ])
  const first = await submit('slow', { seconds: 60 })
  const second = await submit('slow', { seconds: 60 })
  await until(first.id, isRunning)
  const [container] = await engine.containers()
  assert.is(container!.status, 'running')
  assert.equal(
    [container!.running, container!.pending],
    [[[0, first.id, undefined]], [[1, second.id, undefined]]],
  )
  const impatient = another({}, { lostAfterMs: 1 })
  await impatient.containers()
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.is((await impatient.containers())[0]!.status, 'stalled')
  await comfy.kill()
  assert.is((await engine.containers())[0]!.status, 'stopped')
})

test('only files that a run names are read', async ({ comfy, engine, submit, until }) => {
  const { id, files: names } = await until((await submit('slow', { seconds: 0.1 })).id, isOver)
  writeFileSync(join(comfy.folder, 'output', `secret_${id}.png`), 'secret')
  for (const name of [
    `secret_${id}.png`,
    `../../../output/secret_${id}.png`,
    `x/${names[0]}`,
    `${names[0]}.png`,
  ]) {
    assert.is(await engine.findOutput(name), undefined)
    assert.is(await engine.readOutput(id, name, new Headers(), never), undefined)
  }
  const found = (await engine.findOutput(`picture_${id}`))!
  assert.equal([found.run.id, found.file], [id, names[0]])
  assert.is((await engine.findOutput(names[0]!))!.file, names[0])
  const waiting = await submit('slow', { seconds: 60 })
  assert.is((await engine.findOutput(`picture_${waiting.id}`))!.file, undefined)
})

test('files come in parts, and under their own type', async ({ engine, submit, until }) => {
  const { id, files: names } = await until((await submit('slow', { seconds: 0.1 })).id, isOver)
  const read = async (headers: Record<string, string>) =>
    (await engine.readOutput(id, names[0]!, new Headers(headers), never))!
  const whole = await read({})
  const bytes = await whole.arrayBuffer()
  assert.equal(
    [whole.status, whole.headers.get('content-type'), whole.headers.get('content-length')],
    [200, 'image/png', String(bytes.byteLength)],
  )
  assert.is(whole.headers.get('content-disposition'), null)
  const etag = whole.headers.get('etag')!
  const part = await read({ range: 'bytes=1-3' })
  assert.equal([part.status, await part.text()], [206, 'PNG'])
  assert.is(part.headers.get('content-range'), `bytes 1-3/${bytes.byteLength}`)
  assert.is((await read({ range: 'bytes=999999-' })).status, 416)
  assert.is((await read({ 'if-none-match': etag })).status, 304)
  assert.is((await read({ range: 'bytes=1-3', 'if-range': etag })).status, 206)
  assert.is((await read({ range: 'bytes=1-3', 'if-range': '"another"' })).status, 200)
})

test = suiteOnComfy('runs of a ComfyUI 0.8.0', ['0.8.0'])

test('a run whose server is away for too long is failed, and stays so', async (setup) => {
  const { comfy, another, submit, until } = setup
  const engine = another({}, { lostAfterMs: 300 })
  const { id } = await submit('slow', { seconds: 60 }, { by: engine })
  await until(id, isRunning, engine)
  comfy.faults.push({ on: '', do: 'reset-before' })
  let run: Run | undefined
  while (!run?.completedAt) run = await engine.getRun(id).catch(() => undefined)
  assert.is(run.status, 'failed')
  said(run.error!)
  // Nobody knows whether there is a run with another id.
  await rejects(engine.getRun(crypto.randomUUID()), EngineError, { status: 503 })
  comfy.faults.length = 0
  assert.is((await engine.getRun(id))!.status, 'failed')
  assert.is((await another().getRun(id))!.status, 'failed', 'it was written down once it could be')
})

test('the report says that pictures hold the workflow, unless the server leaves it out or does not say', async (setup) => {
  for (const [metadata, count] of [
    [undefined, 1],
    [false, 0],
    [null, 0],
  ] as const) {
    const comfy = await startComfy({ version: '0.8.0', ...(metadata !== undefined && { metadata }) })
    const { notes } = await setup.another({}, { url: comfy.url }).report!()
    await comfy.stop()
    assert.is(notes?.length, count)
    for (const note of notes ?? []) said(note)
  }
})

test('clocks that are apart end no run that a server has', async ({ another, submit, until }) => {
  const behind: typeof fetch = async (url, init) => {
    const response = await fetch(url, init)
    if (!String(url).includes('/history/')) return response
    const text = await response.text()
    return new Response(text.replace(/("timestamp": ?)(\d+)/g, (_, name, ms) => name + (ms - 3_600_000)))
  }
  const by = another({}, { fetch: behind })
  const { id } = await submit('slow', { seconds: 0.5 }, { by })
  const waiting = await submit('slow', { seconds: 60 }, { by })
  const { now } = Date
  Date.now = () => now() + 600_000
  try {
    for (const run of [id, waiting.id]) assert.is((await another().getRun(run))!.completedAt, null)
  } finally {
    Date.now = now
  }
  const run = await until(id, isOver, by)
  assert.is(run.status, 'completed')
  assert.ok(run.completedAt! < run.createdAt, 'the times of its work are those of ComfyUI')
})

test('a run that somebody takes out of ComfyUI is failed, and a file that is gone is none', async (setup) => {
  const { comfy, engine, submit, until } = setup
  const done = await until((await submit('slow', { seconds: 0 })).id, isOver)
  rmSync(join(comfy.folder, 'output'), { recursive: true })
  assert.is(await engine.readOutput(done.id, done.files[0]!, new Headers(), never), undefined)
  const running = await submit('slow', { seconds: 60 })
  const waiting = await submit('slow', { seconds: 60 })
  await until(running.id, isRunning)
  await fetch(`${comfy.url}/queue`, { method: 'POST', body: '{"clear": true}' })
  const removed = await until(waiting.id, isOver)
  assert.is(removed.status, 'failed')
  said(removed.error!)
  assert.is((await engine.getRun(running.id))!.status, 'running')
})

test('a run whose history somebody clears is failed, with that reason if another run shows it', async (setup) => {
  const { comfy, another, submit, until } = setup
  const post = (path: string) => fetch(comfy.url + path, { method: 'POST', body: '{"clear": true}' })
  const by = another()
  for (const isAlone of [true, false]) {
    const { id } = await submit('slow', { seconds: 0.3 }, { by })
    if (!isAlone) await submit('slow', { seconds: 60 }, { by })
    await until(id, isRunning, by)
    // It no longer looks by itself.
    by.close()
    await untilRight(
      async () => Object.keys((await (await fetch(`${comfy.url}/history/${id}`)).json()) as object),
      ([entry]) => entry === id,
    )
    await post('/history')
    const { status, error } = await until(id, isOver, by)
    assert.is(status, 'failed')
    said(error!)
    assert.is(/ComfyUI restarted/.test(error!), isAlone)
  }
})

test = suiteOnComfy('runs of a ComfyUI 0.3.64', ['0.3.64'])

test('a NaN in its history does not hide a run', async ({ engine, another, submit, until }) => {
  const file = {
    name: 'nan',
    graph: graphOf({
      1: ['EmptyImage', { width: 8, height: 8, batch_size: 1, color: 0 }],
      2: ['TestSleep', { image: ['1', 0], seconds: 'nan', fail: false, cooperative: false, seed: 1 }, 'NaN'],
      3: ['SaveImage', { images: ['2', 0], filename_prefix: 'nan' }],
    }),
    sidecar: { inputs: {}, outputs: { picture: { node: '3' } } },
  }
  const by = another({ workflows: [file] })
  const run = await until((await submit('nan', {}, { by })).id, isOver)
  assert.is(run.status, 'completed')
  assert.is((await engine.getRun(run.id))!.status, 'completed')
})

test('a run without data next to its graph stalls an old server', async ({ comfy, engine }) => {
  const [{ graph }] = files as [(typeof files)[number]]
  await fetch(`${comfy.url}/prompt`, {
    method: 'POST',
    body: JSON.stringify({ prompt: graph, extra_data: null }),
  })
  while ((await engine.containers())[0]!.running.length === 0);
  assert.is((await engine.containers())[0]!.status, 'stalled')
})
