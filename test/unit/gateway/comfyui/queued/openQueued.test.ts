// One queue before several ComfyUIs: which one gets a run and when, and what callers see of it.
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { assert, rejects, said, throws } from '#test'
import { comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import { createGateway, type Gateway } from '../../../../../packages/gateway/src/createGateway.ts'
import {
  type Container,
  type Engine,
  EngineError,
  type Run,
  type WorkflowFile,
} from '../../../../../packages/gateway/src/engine.ts'
import { folderQueue } from '../../../../../packages/gateway/src/node/folderQueue.ts'
import { ofQueue, toQueue } from '../../../../../packages/gateway/src/queue/runQueue.ts'
import { assertNoCanary, CANARY } from '../../../../support/canary.ts'
import { pluck } from '../../../../support/pluck.ts'
import { until } from '../../../../support/until.ts'
import { fileOf, files, graphOf, isRunning, never, PAGE, refused } from '../kit.ts'
import {
  begin,
  later,
  perform,
  photo,
  type Servers,
  spread,
  statusOf,
  submit,
  suiteWithServers,
  type Tamper,
  untilRun,
} from './kit.ts'

let test = suiteWithServers('a queue before three ComfyUIs', [{}, {}, {}])

const long = { seconds: 600 }
const many = (count: number, make: (index: number) => Promise<Run>): Promise<Run[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))
const orderOf = ({ executed }: Servers['comfies'][number]): string[] => Object.keys(executed.runs)
/** What each container has, as the indices of these runs: those that run, and those that wait. */
async function holding(engine: Engine, runs: readonly Run[]): Promise<string> {
  const places = (entries: Container['pending']) =>
    entries.map(([, id]) => runs.findIndex((run) => run.id === id)).join('')
  const all = await engine.containers()
  return all.map(({ running, pending }) => `${places(running)}/${places(pending)}`).join(' ')
}
const isEverywhere = (engine: Engine, runs: readonly Run[], wanted: string): Promise<string> =>
  until(
    () => holding(engine, runs),
    (found) => found === wanted,
  )

test('a login is in no file, and another one changes no name', async ({ comfies, folder, open, reopen }) => {
  const urls = (password: string) => comfies.map(({ url }) => url.replace('//', `//me:${password}@`))
  const namesOf = async (engine: Engine) => (await engine.containers()).map(({ name }) => name)
  const names = await namesOf(open({ urls: urls(CANARY) }))
  const level = join(folder, 'queue.level')
  const kept = (): string =>
    readdirSync(level)
      .map((name) => readFileSync(join(level, name), 'latin1'))
      .join()
  assert.match(kept(), 'comfyui-3')
  assertNoCanary(kept())
  assert.equal(await namesOf(await reopen(() => {}, { urls: urls('another') })), names)
})

test('the addresses, and workers beside them or alone', async ({ folder }) => {
  for (const options of [
    {},
    { urls: [] },
    { workers: 'yes' },
    { url: 'http://a', maxWorkers: 3 },
    { url: 'http://a', urls: ['http://b'] },
    { urls: 'http://a' },
    { urls: ['http://a', 'b'] },
    { urls: ['b', 'http://a'] },
    { urls: ['http://A:80/', 'http://b', 'http://a'] },
  ]) {
    throws(() => comfyui(options as never), TypeError)
  }
  const queue = folderQueue({ folder })
  const workerKey = 'a-key'
  for (const [options, more] of [
    [{ urls: ['http://a', 'http://b'] }, {}],
    [{ workers: true }, { workerKey }],
    [{ url: 'http://a', workers: true }, { workerKey }],
    [{ workers: true }, { queue }],
    [{ url: 'http://a' }, { queue, workerKey }],
    [{ url: 'http://a' }, { workerKey }],
  ] as const)
    throws(() => createGateway({ engine: comfyui(options), workflows: [], apiKey: null, ...more }), TypeError)
  for (const options of [
    { url: 'http://a', workers: true },
    { urls: [], workers: true, maxWorkers: 3 },
  ])
    comfyui(options)
})

test('once a gateway is closed, another one can open the folder', async ({ comfies, folder }) => {
  const open = (queue = folderQueue({ folder })) =>
    createGateway({ engine: comfyui({ url: comfies[0]!.url }), queue, workflows: files, apiKey: null })
  const isOpen = async ({ fetch, url }: Gateway) => (await fetch(`${url}/api/v1/runs`)).status
  for (let round = 0; round < 3; round++) {
    const gateway = open()
    // The second one is closed while it opens.
    if (round !== 1) assert.is(await isOpen(gateway), 200)
    const closed = gateway.close()
    assert.is(gateway.close(), closed)
    await closed
  }
  const queue = ofQueue(folderQueue({ folder }))
  const failing = open(
    toQueue({
      ...queue,
      async close() {
        await queue.close()
        throw new RangeError('the disk is gone')
      },
    }),
  )
  assert.is(await isOpen(failing), 200)
  await rejects(failing.close(), RangeError)
})

test('runs go to servers that are free, and come back', async ({ comfies, engine, lines }) => {
  const runs = await many(9, (seed) => submit(engine, 'slow', { seed, seconds: 0.2 }))
  for (const { id } of runs) {
    const run = await untilRun(engine, id)
    assert.equal([run.status, run.error, run.files.length], ['completed', null, 1])
    const file = await engine.readOutput(id, run.files[0]!, new Headers(), new AbortController().signal)
    assert.is(file!.headers.get('content-type'), 'image/png')
    assert.ok((await file!.arrayBuffer()).byteLength > 50)
  }
  const counts = spread(comfies)
  assert.equal([counts.reduce((sum, count) => sum + count), counts.includes(0)], [9, false])
  assert.equal(lines, [])
})

test('where nothing waits, a workflow goes to the server that ran it last', async ({ comfies, engine }) => {
  const ran: string[] = []
  for (const id of ['slow', 'batch', 'slow', 'slow', 'batch', 'slow']) {
    const run = await perform(engine, id, id === 'slow' ? { seconds: 0 } : {})
    ran.push(`${id} ${comfies.findIndex(({ executed }) => executed.runs[run.id])}`)
  }
  assert.is(new Set(ran).size, 2)
})

test('containers are the servers and the queue', async ({ comfies, engine }) => {
  const seen = async () =>
    (await engine.containers()).map(({ name, status, isQueue = false, running, pending }) =>
      [name, status, isQueue, running.length, pending.length].join(' '),
    )
  assert.equal(await until(seen, (all) => !all.join().includes('stopped')), [
    'comfyui-1 idle false 0 0',
    'comfyui-2 idle false 0 0',
    'comfyui-3 idle false 0 0',
    'queue idle true 0 0',
  ])
  const runs = await many(8, () => submit(engine, 'slow', long))
  await until(
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
  await until(seen, (all) => all[1]!.startsWith('comfyui-2 stopped false 1 0'))
})

/** No workflow has a problem. */
async function reportOf(engine: Engine): Promise<void> {
  const { servers, workflows } = await engine.report!()
  for (const { name, about } of servers) said(`${name}: ${about}`)
  assert.ok(workflows.every(({ problem }) => problem === null))
}

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

test('a run that waits its turn on a busy server goes to one that gets free', async ({ comfies, engine }) => {
  const runs = [await begin(engine), await begin(engine), await submit(engine, 'slow', { seconds: 0 })]
  const held = await until(
    () => holding(engine, runs),
    (all) => all.includes('/2 '),
  )
  const places = held.split(' ')
  const keeper = places.findIndex((place) => place.endsWith('/2'))
  const freed = runs[Number(places[1 - keeper]![0])]!
  assert.is((await engine.cancelRun(freed.id))!.run.status, 'cancelled')
  assert.is(await statusOf(engine, runs[2]!), 'completed')
  assert.equal([orderOf(comfies[1 - keeper]!), spread(comfies)[keeper]], [[freed.id, runs[2]!.id], 1])
})

test('a queue that fails for a moment holds up no run', async (site) => {
  const { engine, queue, lines } = site
  const { waiting } = queue
  queue.waiting = async () => {
    queue.waiting = waiting
    throw new Error('gone for a moment')
  }
  assert.is((await perform(engine, 'batch')).status, 'completed')
  assert.is(lines.length, 1)
})

test('an upload goes to the server that makes the run, and is gone from the queue with its end', async (site) => {
  const { comfies, folder, engine } = site
  await begin(engine)
  const runs = await many(4, () => submit(engine, 'copy', { photo }))
  for (const { id } of runs) {
    const run = await untilRun(engine, id)
    assert.equal([run.status, run.error, run.files], ['completed', null, [`picture_${id}.png`]])
    const picture = await engine.readOutput(id, run.files[0]!, new Headers(), never)
    assert.ok((await picture!.arrayBuffer()).byteLength > 50)
    const home = comfies.findIndex(({ executed }) => executed.runs[id])
    // Of `../ü b.png`.
    assert.ok(readdirSync(join(comfies[home]!.folder, 'input')).includes(`flowscale-${id}-1-_b.png`))
  }
  assert.equal(spread(comfies).sort(), [1, 4])
  await until(() => readdirSync(join(folder, 'in')).length === 0)
})

test('whatever is sent again under a key is one run, and leaves no files', async ({
  comfies,
  folder,
  engine,
}) => {
  const send = async (hash = 'h') => {
    const draft = (await engine.draft('copy', never))!
    const values = { photo: await draft.putFile('photo', fileOf(photo)) }
    const once = { key: 'k', hash }
    const { run, number } = await draft.submit({ values, inputs: [], groupId: null, requestId: 'r', once })
    return { id: run.id, number }
  }
  const [first, second] = await Promise.all([send(), send()])
  assert.equal(second, first)
  assert.is((await untilRun(engine, first.id)).status, 'completed')
  assert.equal(await send(), first)
  await until(() => readdirSync(join(folder, 'in')).length === 0)
  await rejects(send('other'), EngineError, { status: 422 })
  await until(() => readdirSync(join(folder, 'in')).length === 0)
  const { run, hash, number } = (await engine.findKey!('k'))!
  assert.equal([run.id, hash, number], [first.id, 'h', first.number])
  assert.equal(spread(comfies).sort(), [0, 1])
})

test('choices are those of all servers, and a run goes to one that has its choices', async (site) => {
  const { comfies, open } = site
  const styles = stylesOf(['plain', 'only here'], ['plain', 'inverted'])
  const engine = open({}, { workflows: [styled, fixed, ...files] }, styles)
  const list = await until(
    () => engine.workflows().catch(() => []),
    (all) => all.some(({ inputs }) => inputs.get('style')?.options?.length === 3),
  )
  const listed = list.find(({ id }) => id === 'styled')!
  assert.equal(listed.inputs.get('style')!.options, ['plain', 'only here', 'inverted'])
  assert.equal((await engine.draft('styled', never))!.workflow.inputs, listed.inputs)
  // The other one is busy with what it alone can make.
  const inverted = await many(3, () => submit(engine, 'styled', { photo: 'example.png', style: 'inverted' }))
  const graphs = await many(2, (seed_2) => submit(engine, 'fixed', { seed_2 }))
  for (const run of [...inverted, ...graphs]) assert.is(await statusOf(engine, run), 'completed')
  assert.equal(spread(comfies), [0, 5])
  await begin(engine)
  assert.is((await perform(engine, 'styled', { photo, style: 'plain' })).status, 'completed')
  await reportOf(engine)
})

test('a server that has no choices at all gets none of the runs that need one', async ({ comfies, open }) => {
  const engine = open({}, { workflows: [styled] }, stylesOf([], ['plain', 'inverted']))
  await until(async () => !(await engine.containers()).slice(0, 2).some(({ status }) => status === 'stopped'))
  const runs = await many(3, () => submit(engine, 'styled', { photo: 'example.png', style: 'inverted' }))
  for (const run of runs) assert.is(await statusOf(engine, run), 'completed')
  assert.equal(spread(comfies)[0], 0)
})

test('a run waits for the one server that has its choice, which is away, and says so', async (site) => {
  const { comfies, open, lines } = site
  const engine = open({}, { workflows: [fixed, styled] }, stylesOf(['plain'], ['plain', 'inverted']))
  await perform(engine, 'fixed', { seed_2: 1 })
  await comfies[1]!.kill()
  const { id } = await submit(engine, 'fixed', { seed_2: 2 })
  // Others are not held up.
  assert.is((await perform(engine, 'styled', { photo })).status, 'completed')
  assert.equal([(await engine.getRun(id))!.waitsFor], [undefined])
  const waits = ({ status, waitsFor }: Run) => status === 'queued' && waitsFor
  const reason = await later(11_000, () => untilRun(engine, id, waits))
  said(reason.waitsFor!)
  await later(11_000, () => until(() => lines.includes(`warn ${reason.waitsFor}`)))
  await comfies[1]!.start()
  const run = await untilRun(engine, id)
  assert.equal([run.status, run.waitsFor], ['completed', undefined])
  await until(() => lines.at(-1)!.startsWith('info'))
  for (const line of lines) said(line)
})

test('a choice that no server has is refused while all answer', async ({ open }) => {
  const engine = open({}, { workflows: [fixed] }, stylesOf(['plain'], ['plain']))
  await until(async () => !(await engine.containers()).slice(0, 2).some(({ status }) => status === 'stopped'))
  said((await rejects(submit(engine, 'fixed'), EngineError, { status: 422 })).message)
  assert.equal((await engine.getRuns(PAGE)).total, 0)
})

/** The first server fails each run at once, as long as it is broken. */
const openBroken = ({ comfies, open }: Servers, error = 'RuntimeError') => {
  const broken = { is: true }
  const [{ url }] = comfies as [Servers['comfies'][number]]
  const fails: typeof fetch = async (input, init) => {
    const isFirst = String(input).startsWith(url)
    if (isFirst && broken.is && String(input).endsWith('/prompt') && init?.method === 'POST') {
      const body = JSON.parse(
        String(init.body instanceof ReadableStream ? await new Response(init.body).text() : init.body),
      )
      for (const node of Object.values<any>(body.prompt))
        if (node.class_type === 'TestSleep') Object.assign(node.inputs, { fail: true, seconds: 0 })
      return await fetch(input, { ...init, body: JSON.stringify(body) })
    }
    const response = await fetch(input, init)
    if (!isFirst || !String(input).includes('/history/')) return response
    return new Response((await response.text()).replaceAll('RuntimeError', error))
  }
  return { broken, engine: open({ fetch: fails }) }
}

test('a server that fails each run at once rests after three, and one run tries it later', async (servers) => {
  const { engine, broken } = openBroken(servers, 'torch.OutOfMemoryError')
  let seed = 0
  const make = async (count: number) => {
    const runs: Run[] = []
    while (runs.length < count) runs.push(await submit(engine, 'slow', { seed: seed++, seconds: 0.1 }))
    return runs
  }
  const failedOf = async (runs: readonly Run[]) =>
    (await Promise.all(runs.map((run) => statusOf(engine, run)))).filter((status) => status === 'failed')
      .length
  const failed = await failedOf(await make(40))
  assert.ok(failed >= 3 && failed <= 5, `${failed} failed`)
  const why = 'rests for a minute, since its runs fail: out of memory'
  assert.equal(servers.lines, [`warn comfyui-1 ${why}`])
  const [first] = await engine.containers()
  assert.equal([first!.status, first!.reason, first!.pending], ['stopped', why, []])
  // After such a jump of the clock, both are silent until their next requests for news.
  const areThere = () =>
    until(
      () => engine.containers(),
      (all) => all.every(({ status }) => status !== 'stopped'),
    )
  await later(60_000, async () => {
    await areThere()
    const again = await failedOf(await make(5))
    assert.ok(again >= 1 && again <= 2, `${again} failed`)
    broken.is = false
  })
  await later(120_000, async () => {
    await areThere()
    assert.is(await failedOf(await make(3)), 0)
    assert.equal(new Set(pluck(await engine.containers(), 'reason')), new Set([undefined]))
  })
})

test('a workflow that fails everywhere lets at most one server rest, and never the last', async (servers) => {
  const { engine, lines } = servers
  const bad = await many(10, (seed) => submit(engine, 'failing', { seed, seconds: 0 }))
  const good = await many(5, (seed) => submit(engine, 'slow', { seed, seconds: 0.05 }))
  for (const run of bad) assert.is(await statusOf(engine, run), 'failed')
  for (const run of good) assert.is(await statusOf(engine, run), 'completed')
  assert.ok(lines.length <= 1, String(lines))
})

test = suiteWithServers('a queue before two ComfyUIs, of which one lacks a class', [
  { without: ['TestSleep'] },
  {},
])

test('a server without a class never gets its runs, and all others', async ({ comfies, engine }) => {
  const runs = await many(3, (seed) => submit(engine, 'slow', { seed, seconds: 0 }))
  for (const run of runs) assert.is(await statusOf(engine, run), 'completed')
  assert.equal(spread(comfies), [0, 3])
  await begin(engine)
  assert.is((await perform(engine, 'batch')).files.length, 3)
  assert.equal(spread(comfies), [1, 4])
  await reportOf(engine)
})

test('what no server can run is refused, and what one may that is away waits for it', async (site) => {
  const { comfies, open, reopen } = site
  const alone = open({ urls: [comfies[0]!.url] })
  assert.is(await alone.draft('none', never), undefined)
  await rejects(alone.draft('slow', never), EngineError, { status: 422 })
  const broken = (await alone.workflows()).filter(({ problem }) => problem !== undefined)
  assert.equal(pluck(broken, 'id'), ['slow', 'deaf', 'failing'])
  const styles = stylesOf([], ['plain', 'inverted'])
  const both = await reopen(() => comfies[1]!.kill(), {}, { workflows: [fixed, ...files] }, styles)
  await refused(both.draft('slow', never))
  const run = await submit(both, 'fixed')
  assert.is((await perform(both, 'batch')).status, 'completed')
  await comfies[1]!.start()
  assert.is(await statusOf(both, run), 'completed')
  assert.equal(spread(comfies), [1, 1])
  for (const comfy of comfies) await comfy.kill()
  for (const urls of [comfies.map(({ url }) => url), []]) {
    const none = await reopen(() => {}, { urls, workers: true }, { workers: true })
    await refused(none.draft('batch', never))
    await refused(none.workflows())
  }
})

test = suiteWithServers('a queue before one ComfyUI', [{}])

test('one run at a time is at ComfyUI, the next is ahead, and places are told', async (site) => {
  const { comfies, engine } = site
  const runs = [await begin(engine), await submit(engine, 'slow', { seconds: 0 })]
  await isEverywhere(engine, runs, '0/1 /')
  // Of callers, each takes a turn, and one run of the first is ahead by now.
  for (const group of ['a', 'a', 'a', 'b']) runs.push(await submit(engine, 'batch', {}, group))
  const places = async () =>
    (await Promise.all(runs.map(({ id }) => engine.getRun(id)))).map((run) => run!.position ?? '-').join('')
  assert.is(await places(), '-12453')
  assert.is((await engine.cancelRun(runs[4]!.id))!.run.status, 'cancelled')
  assert.is(await places(), '-124-3')
  assert.equal(spread(comfies), [1])
  await engine.cancelRun(runs[0]!.id)
  for (const run of runs) await statusOf(engine, run)
  const order = [0, 1, 2, 5, 3]
  assert.equal(
    orderOf(comfies[0]!),
    order.map((index) => runs[index]!.id),
  )
})

test('a run is cancelled wherever it is', async ({ comfies, engine }) => {
  const runs = [await begin(engine)]
  for (let left = 3; left > 0; left--) runs.push(await submit(engine, 'slow', long))
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
  await untilRun(engine, last.id, isRunning)
  const quick = await submit(engine, 'slow', { seconds: 0 })
  assert.is(await cancel(last), 'cancelled false')
  await untilRun(engine, quick.id)
  const { hadEnded, run } = (await engine.cancelRun(quick.id))!
  assert.equal([hadEnded, run.status], [true, 'completed'])
  assert.equal(
    orderOf(comfies[0]!),
    [running, last, quick].map(({ id }) => id),
  )
  for (const id of [crypto.randomUUID(), '../x', ''])
    assert.equal([await engine.cancelRun(id), await engine.getRun(id)], [undefined, undefined])
})

test('ComfyUI is asked for the pictures of a run that has previews', async ({ comfies, engine }) => {
  for (const previews of [undefined, true]) {
    const draft = (await engine.draft('slow', never))!
    const { run } = await draft.submit({ values: long, inputs: [], groupId: null, requestId: 'r', previews })
    const [, , , extra] = await until(async (): Promise<any> => {
      const { queue_running } = (await (await fetch(`${comfies[0]!.url}/queue`)).json()) as any
      return queue_running[0]
    })
    assert.is(extra.preview_method, previews && 'auto')
    await engine.cancelRun(run.id)
    await untilRun(engine, run.id)
  }
})

test('changes of runs are heard', async ({ engine }) => {
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
  const ofOne = new Set<string>()
  leave.push(engine.watch!(({ id }) => void ofOne.add(id), runs[1]!.id))
  // Another one who follows it, and leaves.
  engine.follow!(runs[2]!.id)()
  await isEverywhere(engine, runs, '0/1 /2')
  await engine.cancelRun(runs[0]!.id)
  for (const { id } of runs) await untilRun(engine, id)
  await until(() => heard.get(runs[2]!.id)?.has('completed'))
  assert.ok(heard.get(runs[0]!.id)!.has('cancelled'))
  for (const state of ['running', 'running Slow', 'completed'])
    assert.ok(heard.get(runs[2]!.id)!.has(state), state)
  assert.ok([...heard.get(runs[2]!.id)!].some((state) => /^queued \d/.test(state)))
  assert.equal([...ofOne], [runs[1]!.id])
  for (const end of [...leave, stop]) end()
  const before = [...heard.keys()].length
  await perform(engine, 'batch')
  assert.is([...heard.keys()].length, before)
})

test('what comes out: pictures, texts, failures, parts of files', async ({ engine }) => {
  const read = async (id: string, name: string, headers = {}) =>
    await engine.readOutput(id, name, new Headers(headers), never)
  const batch = await perform(engine, 'batch', {}, 'g')
  const name = `picture_${batch.id}`
  assert.equal(
    [batch.files, batch.groupId, batch.progress],
    [[`${name}.png`, `${name}_2.png`, `${name}_3.png`], 'g', 1],
  )
  assert.ok(batch.startedAt! >= batch.createdAt && batch.completedAt! >= batch.startedAt!)
  const text = await perform(engine, 'text')
  assert.equal([text.files, text.texts], [[`said_${text.id}.txt`], { [text.files[0]!]: 'héllo' }])
  const answer = (await read(text.id, text.files[0]!))!
  assert.equal(
    [answer.headers.get('content-type'), await answer.text()],
    ['text/plain; charset=utf-8', 'héllo'],
  )
  const whole = (await read(batch.id, `${name}_2.png`))!
  const bytes = new Uint8Array(await whole.arrayBuffer())
  const part = (await read(batch.id, `${name}_2.png`, { range: 'bytes=1-3' }))!
  assert.equal([part.status, new Uint8Array(await part.arrayBuffer())], [206, bytes.slice(1, 4)])
  for (const [id, file] of [
    [text.id, `${name}.png`],
    [batch.id, '../queue.level'],
    [batch.id, `${name}_4.png`],
    ['..', 'queue.level'],
    [crypto.randomUUID(), 'a'],
  ] as const)
    assert.is(await read(id, file), undefined)
  assert.equal((await engine.findOutput(`${name}_3`))!.file, `${name}_3.png`)
  const failed = await perform(engine, 'failing', { seconds: 0 })
  assert.equal([failed.status, failed.files], ['failed', []])
  said(failed.error!)
  const { runs, total } = await engine.getRuns({ ...PAGE, limit: 2 })
  assert.equal([pluck(runs, 'id'), total], [[failed.id, text.id], 3])
  assert.equal(pluck((await engine.getRuns({ ...PAGE, groupId: 'g' })).runs, 'id'), [batch.id])
})

test('a server alone never rests', async ({ engine, lines }) => {
  for (let seed = 0; seed < 4; seed++) await perform(engine, 'failing', { seed, seconds: 0 })
  assert.equal([lines, (await engine.containers())[0]!.reason], [[], undefined])
})

test('a socket that hears nothing of a run gives way to another', async ({ comfies, engine }) => {
  // Longer than the pause between two reports.
  const isHeardOf = async (seed: number): Promise<boolean> => {
    let isHeard = false
    const unwatch = engine.watch!(({ node }) => {
      isHeard ||= node !== undefined
    })
    await perform(engine, 'slow', { seed, seconds: 0.6 })
    unwatch()
    return isHeard
  }
  await isHeardOf(1)
  assert.is(await isHeardOf(2), true)
  // ComfyUI forgets the newer socket, too.
  const older = new WebSocket(`${comfies[0]!.url.replace('http', 'ws')}/ws?clientId=flowscale-comfyui-1`)
  await once(older, 'message')
  older.close()
  await once(older, 'close')
  assert.is(await isHeardOf(3), false)
  await isHeardOf(4)
  assert.is(await isHeardOf(5), true)
})
