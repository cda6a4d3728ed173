// One queue before several ComfyUIs: which one gets a run and when, and what callers see of it.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { assert, rejects, said, throws } from '#test'
import { comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import {
  type Engine,
  EngineError,
  type Run,
  type WorkflowFile,
} from '../../../../../packages/gateway/src/engine.ts'
import { pluck } from '../../../../support/pluck.ts'
import { until as untilRight } from '../../../../support/until.ts'
import { fileOf, files, graphOf, isRunning, never, PAGE } from '../kit.ts'
import { later, type Servers, spread, suiteWithServers, type Tamper } from './kit.ts'

let test = suiteWithServers('a queue before three ComfyUIs', [{}, {}, {}])

const long = { seconds: 600 }
const many = (count: number, make: (index: number) => Promise<Run>): Promise<Run[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))
const orderOf = ({ executed }: Servers['comfies'][number]): string[] => Object.keys(executed.runs)
/** What each container has, as the indices of these runs: those that run, and those that wait. */
async function holding(engine: Engine, runs: readonly Run[]): Promise<string> {
  const places = (entries: readonly (readonly [number, string])[]) =>
    entries.map(([, id]) => runs.findIndex((run) => run.id === id)).join('')
  const all = await engine.containers()
  return all.map(({ running, pending }) => `${places(running)}/${places(pending)}`).join(' ')
}
const isEverywhere = (engine: Engine, runs: readonly Run[], wanted: string): Promise<string> =>
  untilRight(
    () => holding(engine, runs),
    (found) => found === wanted,
  )

test('the addresses', async () => {
  for (const options of [
    { url: 'http://a', urls: ['http://b'] },
    { urls: 'http://a' },
    { urls: ['http://a', 'b'] },
    { urls: ['b', 'http://a'] },
    { urls: ['http://A:80/', 'http://b', 'http://a'] },
  ]) {
    throws(() => comfyui(options as never), TypeError)
  }
  for (const urls of [['http://a', 'http://b'], []])
    throws(() => comfyui({ urls })({ workflows: [], inputHosts: [], log: () => {} }), TypeError)
})

test('runs go to servers that are free, and come back', async ({ comfies, open, submit, until, lines }) => {
  const engine = open()
  const runs = await many(9, (seed) => submit(engine, 'slow', { seed, seconds: 0.2 }))
  for (const { id } of runs) {
    const run = await until(engine, id)
    assert.equal([run.status, run.error, run.files.length], ['completed', null, 1])
    const file = await engine.readOutput(id, run.files[0]!, new Headers(), new AbortController().signal)
    assert.is(file!.headers.get('content-type'), 'image/png')
    assert.ok((await file!.arrayBuffer()).byteLength > 50)
  }
  const counts = spread(comfies)
  assert.equal([counts.reduce((sum, count) => sum + count), counts.includes(0)], [9, false])
  assert.equal(lines, [])
})

test('where nothing waits, a workflow goes to the server that ran it last', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const engine = open()
  const ran: string[] = []
  for (const id of ['slow', 'batch', 'slow', 'slow', 'batch', 'slow']) {
    const run = await submit(engine, id, id === 'slow' ? { seconds: 0 } : {})
    await until(engine, run.id)
    ran.push(`${id} ${comfies.findIndex(({ executed }) => executed.runs[run.id])}`)
  }
  assert.is(new Set(ran).size, 2)
})

test('containers are the servers and the queue', async ({ comfies, open, submit }) => {
  const engine = open()
  const seen = async () =>
    (await engine.containers()).map(({ name, status, isQueue = false, running, pending }) =>
      [name, status, isQueue, running.length, pending.length].join(' '),
    )
  assert.equal(await untilRight(seen, (all) => !all.join().includes('stopped')), [
    'comfyui-1 idle false 0 0',
    'comfyui-2 idle false 0 0',
    'comfyui-3 idle false 0 0',
    'queue idle true 0 0',
  ])
  const runs = await many(8, () => submit(engine, 'slow', long))
  await untilRight(
    seen,
    (all) =>
      all.join() ===
      'comfyui-1 running false 1 1,comfyui-2 running false 1 1,comfyui-3 running false 1 1,queue idle true 0 2',
  )
  assert.equal(
    (await engine.containers())
      .flatMap(({ running, pending }) => [...running, ...pending])
      .map(([number]) => number)
      .sort(),
    runs.map((_, index) => index + 1),
  )
  await comfies[1]!.kill()
  await untilRight(seen, (all) => all[1]!.startsWith('comfyui-2 stopped false 1 0'))
})

/** A picture of the caller's, with a choice that not all servers have. */
const styledGraph = (style: string): WorkflowFile['graph'] =>
  graphOf({
    1: ['LoadImage', { image: 'example.png' }],
    2: ['TestDrawText', { image: ['1', 0], text: 'a', seed: 42, style }],
    3: ['SaveImage', { images: ['2', 0], filename_prefix: 'made' }],
  })
const styled: WorkflowFile = {
  name: 'styled',
  graph: styledGraph('plain'),
  sidecar: {
    inputs: { photo: { node: '1', input: 'image' }, style: { node: '2', input: 'style' } },
    outputs: { picture: { node: '3' } },
  },
}
const fixed: WorkflowFile = {
  name: 'fixed',
  graph: styledGraph('inverted'),
  sidecar: { outputs: { picture: { node: '3' } } },
}
const stylesOf =
  (...styles: string[][]): Tamper =>
  (type, info, server) => {
    if (type === 'TestDrawText') info.input.required.style[0] = styles[server]
    return info
  }

test = suiteWithServers('a queue before two ComfyUIs', [{}, {}])

test('a run that waits its turn on a busy server goes to one that gets free', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const engine = open()
  const runs = [await submit(engine, 'slow', long), await submit(engine, 'slow', long)]
  await isEverywhere(engine, runs, '0/ 1/ /')
  runs.push(await submit(engine, 'slow', { seconds: 0 }))
  const held = await untilRight(
    () => holding(engine, runs),
    (all) => all.includes('/2 ') && all !== '',
  )
  const [other, keeper] = held.startsWith('0/2') ? [1, 0] : [0, 1]
  assert.is((await engine.cancelRun(runs[other]!.id))!.run.status, 'cancelled')
  assert.is((await until(engine, runs[2]!.id)).status, 'completed')
  assert.equal(orderOf(comfies[other]!), [runs[other]!.id, runs[2]!.id])
  assert.equal(orderOf(comfies[keeper]!), [runs[keeper]!.id])
})

test('an upload goes to the server that makes the run, and is gone from the queue with its end', async ({
  comfies,
  folder,
  open,
  submit,
  until,
}) => {
  const engine = open()
  const example = new Uint8Array(
    await (await fetch(`${comfies[0]!.url}/view?filename=example.png&type=input`)).arrayBuffer(),
  )
  await submit(engine, 'slow', long)
  const runs = await many(4, async () => {
    const draft = (await engine.draft('copy', never))!
    const photo = await draft.putFile('photo', fileOf(example, '../ü b.png'))
    return (await draft.submit({ values: { photo }, inputs: [], groupId: null, requestId: 'r' })).run
  })
  const busy = spread(comfies).indexOf(0) === 0 ? 1 : 0
  for (const { id } of runs) {
    const run = await until(engine, id)
    assert.equal([run.status, run.error, run.files], ['completed', null, [`picture_${id}.png`]])
    const picture = await engine.readOutput(id, run.files[0]!, new Headers(), never)
    assert.ok((await picture!.arrayBuffer()).byteLength > 50)
    const home = comfies.findIndex(({ executed }) => executed.runs[id])
    assert.ok(readdirSync(join(comfies[home]!.folder, 'input')).some((name) => name.includes(id)))
  }
  assert.equal(
    pluck(comfies, 'executed')
      .map(({ runs }) => Object.keys(runs).length)
      .sort(),
    [1, 4],
    `${busy}`,
  )
  await untilRight(() => readdirSync(join(folder, 'in')).length === 0)
})

test('choices are those of all servers, and a run goes to one that has its choices', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const engine = open(
    {},
    { workflows: [styled, fixed, ...files] },
    stylesOf(['plain', 'only here'], ['plain', 'inverted']),
  )
  const list = await untilRight(
    () => engine.workflows().catch(() => []),
    (all) => all.some(({ inputs }) => inputs.get('style')?.options?.length === 3),
  )
  const listed = list.find(({ id }) => id === 'styled')!
  assert.equal(listed.inputs.get('style')!.options, ['plain', 'only here', 'inverted'])
  assert.equal((await engine.draft('styled', never))!.workflow.inputs, listed.inputs)
  // The other one is busy with what it alone can make.
  const inverted = await many(3, () => submit(engine, 'styled', { photo: 'example.png', style: 'inverted' }))
  const graphs = await many(2, (seed_2) => submit(engine, 'fixed', { seed_2 }))
  for (const { id } of [...inverted, ...graphs]) assert.is((await until(engine, id)).status, 'completed')
  assert.equal(spread(comfies), [0, 5])
  const rest = await submit(engine, 'slow', long)
  await until(engine, rest.id, isRunning)
  const plain = await submit(engine, 'styled', { photo: 'example.png', style: 'plain' })
  assert.is((await until(engine, plain.id)).status, 'completed')
  const { servers, workflows } = await engine.report!()
  for (const { name, about } of servers) said(`${name}: ${about}`)
  assert.equal(
    pluck(workflows, 'problem'),
    workflows.map(() => null),
  )
})

test('a run waits for the one server that has its choice, which is away, and says so', async ({
  comfies,
  open,
  submit,
  until,
  lines,
}) => {
  const engine = open({}, { workflows: [fixed, styled] }, stylesOf(['plain'], ['plain', 'inverted']))
  await submit(engine, 'fixed', { seed_2: 1 }).then(({ id }) => until(engine, id))
  await comfies[1]!.kill()
  const { id } = await submit(engine, 'fixed', { seed_2: 2 })
  const other = await submit(engine, 'styled', { photo: 'example.png' })
  // Others are not held up.
  assert.is((await until(engine, other.id)).status, 'completed')
  assert.equal([(await engine.getRun(id))!.waitsFor], [undefined])
  const reason = await later(11_000, () => until(engine, id, ({ waitsFor }) => waitsFor))
  assert.is(reason.status, 'queued')
  said(reason.waitsFor!)
  await later(11_000, () => untilRight(() => lines.includes(`warn ${reason.waitsFor}`)))
  await comfies[1]!.start()
  const run = await until(engine, id)
  assert.equal([run.status, run.waitsFor], ['completed', undefined])
})

test('a choice that no server has is refused while all answer', async ({ open, submit }) => {
  const engine = open({}, { workflows: [fixed] }, stylesOf(['plain'], ['plain']))
  await untilRight(
    async () => !(await engine.containers()).slice(0, 2).some(({ status }) => status === 'stopped'),
  )
  said((await rejects(submit(engine, 'fixed'), EngineError, { status: 422 })).message)
  assert.equal((await engine.getRuns(PAGE)).total, 0)
})

test = suiteWithServers('a queue before two ComfyUIs, of which one lacks a class', [
  { without: ['TestSleep'] },
  {},
])

test('a server without a class never gets its runs, and all others', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const engine = open()
  const runs = await many(3, (seed) => submit(engine, 'slow', { seed, seconds: 0 }))
  for (const { id } of runs) assert.is((await until(engine, id)).status, 'completed')
  assert.equal(spread(comfies), [0, 3])
  await submit(engine, 'slow', long)
  assert.is((await until(engine, (await submit(engine, 'batch')).id)).files.length, 3)
  assert.equal(spread(comfies), [1, 4])
  const { servers, workflows } = await engine.report!()
  for (const { name, about } of servers) said(`${name}: ${about}`)
  assert.ok(workflows.every(({ problem }) => problem === null))
})

test = suiteWithServers('a queue before one ComfyUI', [{}])

test('one run at a time is at ComfyUI, the next is ahead, and places are told', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const engine = open()
  const [first] = (await many(1, () => submit(engine, 'slow', long))) as [Run]
  await until(engine, first.id, isRunning)
  const runs = [first, await submit(engine, 'slow', { seconds: 0 })]
  await isEverywhere(engine, runs, '0/1 /')
  // Of callers, each takes a turn, and one run of the first is ahead by now.
  for (const group of ['a', 'a', 'a', 'b']) runs.push(await submit(engine, 'batch', {}, group))
  const places = async () =>
    (await Promise.all(runs.map(({ id }) => engine.getRun(id)))).map((run) => run!.position ?? '-').join('')
  assert.is(await places(), '-12453')
  assert.is((await engine.cancelRun(runs[4]!.id))!.run.status, 'cancelled')
  assert.is(await places(), '-124-3')
  const queue = (await (await fetch(`${comfies[0]!.url}/queue`)).json()) as any
  assert.equal([queue.queue_running.length, queue.queue_pending.length], [1, 0])
  assert.equal(spread(comfies), [1])
  await engine.cancelRun(first.id)
  for (const { id } of runs) await until(engine, id)
  const order = [0, 1, 2, 5, 3]
  assert.equal(
    orderOf(comfies[0]!),
    order.map((index) => runs[index]!.id),
  )
})

test('a run is cancelled wherever it is', async ({ comfies, open, submit, until }) => {
  const engine = open()
  const runs: Run[] = []
  for (const name of ['slow', 'slow', 'slow', 'slow']) runs.push(await submit(engine, name, long))
  const [running, ahead, waits, last] = runs as [Run, Run, Run, Run]
  await isEverywhere(engine, runs, '0/1 /23')
  const cancel = async ({ id }: Run) => {
    const { run, hadEnded } = (await engine.cancelRun(id))!
    assert.equal([run.files, run.error, run.completedAt === null], [[], null, run.status !== 'cancelled'])
    return `${run.status} ${hadEnded}`
  }
  assert.is(await cancel(waits), 'cancelled false')
  assert.is(await cancel(ahead), 'cancelled false')
  await isEverywhere(engine, runs, '0/3 /')
  assert.equal(await Promise.all([cancel(running), cancel(running)]), ['cancelled false', 'cancelled false'])
  assert.is(await cancel(running), 'cancelled true')
  await until(engine, last.id, isRunning)
  const quick = await submit(engine, 'slow', { seconds: 0 })
  assert.is(await cancel(last), 'cancelled false')
  await until(engine, quick.id)
  const { hadEnded, run } = (await engine.cancelRun(quick.id))!
  assert.equal([hadEnded, run.status], [true, 'completed'])
  assert.equal(
    orderOf(comfies[0]!),
    [running, last, quick].map(({ id }) => id),
  )
  for (const id of [crypto.randomUUID(), '../x', '']) assert.is(await engine.cancelRun(id), undefined)
})

test('changes of runs are heard', async ({ open, submit, until }) => {
  const engine = open()
  const heard = new Map<string, Set<string>>()
  const stop = engine.watch!(({ id, status, position, node, waitsFor }) => {
    heard.set(
      id,
      (heard.get(id) ?? new Set()).add(
        [status, position, node, waitsFor].filter((one) => one !== undefined).join(' '),
      ),
    )
  })
  const runs: Run[] = []
  for (const seconds of [600, 0.6, 1.5]) runs.push(await submit(engine, 'slow', { seconds }))
  const leave = runs.map(({ id }) => engine.follow!(id))
  await isEverywhere(engine, runs, '0/1 /2')
  await engine.cancelRun(runs[0]!.id)
  for (const { id } of runs) await until(engine, id)
  await untilRight(() => heard.get(runs[2]!.id)?.has('completed'))
  assert.ok(heard.get(runs[0]!.id)!.has('cancelled'))
  for (const state of ['running', 'running Slow', 'completed'])
    assert.ok(heard.get(runs[2]!.id)!.has(state), state)
  assert.ok([...heard.get(runs[2]!.id)!].some((state) => /^queued \d/.test(state)))
  for (const end of [...leave, stop]) end()
  const before = [...heard.keys()].length
  await until(engine, (await submit(engine, 'batch')).id)
  assert.is([...heard.keys()].length, before)
})

test('what comes out: pictures, texts, failures, parts of files', async ({ open, submit, until }) => {
  const engine = open()
  const read = async (id: string, name: string, headers = {}) =>
    await engine.readOutput(id, name, new Headers(headers), never)
  const batch = await until(engine, (await submit(engine, 'batch', {}, 'g')).id)
  const name = `picture_${batch.id}`
  assert.equal(
    [batch.files, batch.groupId, batch.progress],
    [[`${name}.png`, `${name}_2.png`, `${name}_3.png`], 'g', 1],
  )
  assert.ok(batch.startedAt! >= batch.createdAt && batch.completedAt! >= batch.startedAt!)
  const text = await until(engine, (await submit(engine, 'text')).id)
  assert.equal([text.files, text.texts], [[`said_${text.id}.txt`], { [text.files[0]!]: 'héllo' }])
  const answer = (await read(text.id, text.files[0]!))!
  assert.equal(
    [answer.headers.get('content-type'), await answer.text()],
    ['text/plain; charset=utf-8', 'héllo'],
  )
  const whole = (await read(batch.id, `${name}_2.png`))!
  const bytes = new Uint8Array(await whole.arrayBuffer())
  const part = (await read(batch.id, `${name}_2.png`, {
    range: 'bytes=1-3',
    'if-range': whole.headers.get('etag'),
  }))!
  assert.equal([part.status, new Uint8Array(await part.arrayBuffer())], [206, bytes.slice(1, 4)])
  assert.is(
    (await read(batch.id, `${name}_2.png`, { 'if-none-match': whole.headers.get('etag') }))!.status,
    304,
  )
  for (const [id, file] of [
    [text.id, `${name}.png`],
    [batch.id, '../queue.jsonl'],
    [batch.id, `${name}_4.png`],
    ['..', 'queue.jsonl'],
    [crypto.randomUUID(), 'a'],
  ] as const)
    assert.is(await read(id, file), undefined)
  assert.equal((await engine.findOutput(`${name}_3`))!.file, `${name}_3.png`)
  const failed = await until(engine, (await submit(engine, 'failing', { seconds: 0 })).id)
  assert.equal([failed.status, failed.files], ['failed', []])
  said(failed.error!)
  const { runs, total } = await engine.getRuns({ ...PAGE, limit: 2 })
  assert.equal([pluck(runs, 'id'), total], [[failed.id, text.id], 3])
  assert.equal(pluck((await engine.getRuns({ ...PAGE, groupId: 'g' })).runs, 'id'), [batch.id])
})
const testOne = suiteWithServers('a queue before one ComfyUI', [{}])

testOne(
  'a socket that hears nothing of a run gives way to another',
  async ({ comfies, open, submit, until }) => {
    const engine = open()
    // Longer than the pause between two reports.
    const perform = async (seed: number): Promise<boolean> => {
      let isHeard = false
      const unwatch = engine.watch!(({ node }) => {
        isHeard ||= node !== undefined
      })
      const { id } = await submit(engine, 'slow', { seed, seconds: 0.6 })
      await until(engine, id)
      unwatch()
      return isHeard
    }
    await perform(1)
    assert.is(await perform(2), true)
    // ComfyUI forgets the newer socket, too.
    const older = new WebSocket(`${comfies[0]!.url.replace('http', 'ws')}/ws?clientId=flowscale-comfyui-1`)
    await once(older, 'message')
    older.close()
    await once(older, 'close')
    assert.is(await perform(3), false)
    await perform(4)
    assert.is(await perform(5), true)
  },
)
