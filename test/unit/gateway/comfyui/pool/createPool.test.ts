// One engine before several ComfyUIs: which one gets a run, who finds it again, and what happens while one is away.
import { assert, said, throws } from '#test'
import { comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import type { Engine, Run, Storage, WorkflowFile } from '../../../../../packages/gateway/src/engine.ts'
import { rejection } from '../../../../support/fakes.ts'
import { pluck } from '../../../../support/pluck.ts'
import { createStorage } from '../../records/kit.ts'
import { fileOf, files, graphOf, isOver, never, refused } from '../kit.ts'
import { type Sites, spread, submit, suiteWithSites, type Tamper, until } from './kit.ts'

let test = suiteWithSites('three ComfyUIs', 3)

const all = (count: number, make: (index: number) => Promise<Run>): Promise<Run[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))
const slow = (engine: Engine, seed: number, groupId?: string): Promise<Run> =>
  submit(engine, 'slow', { seed, seconds: 600 }, groupId)
const page = { groupId: 'g', sortBy: 'created_at', sortOrder: 'asc', offset: 0, limit: 100 } as const
/** The server that has a run, and all others. */
async function homeOf({ comfies }: Sites, id: string) {
  const texts = await Promise.all(
    comfies.flatMap(({ url }) =>
      ['/queue', `/history/${id}`].map(async (path) => (await fetch(url + path)).text()),
    ),
  )
  const at = Math.floor(texts.findIndex((text) => text.includes(id)) / 2)
  return { home: comfies[at]!, others: comfies.filter((_, index) => index !== at) }
}

/** While `use` runs, the clock is ahead. */
async function later<T>(ms: number, use: () => Promise<T>): Promise<T> {
  const { now } = Date
  Date.now = () => now() + ms
  try {
    return await use()
  } finally {
    Date.now = now
  }
}

test('the addresses', async () => {
  for (const options of [
    { url: 'http://a', urls: ['http://b'] },
    { urls: [] },
    { urls: 'http://a' },
    { urls: ['http://a', 'b'] },
    { urls: ['b', 'http://a'] },
    { urls: ['http://A:80/', 'http://b', 'http://a'] },
  ]) {
    throws(() => comfyui(options as never), TypeError)
  }
})

test('runs spread over the servers, also when all come at once', async ({ comfies, open }) => {
  const engine = open()
  await all(21, (seed) => slow(engine, seed))
  assert.equal(spread(comfies), [7, 7, 7])
  const seen = async () =>
    (await engine.containers()).map((one) => [
      one.name,
      one.url,
      one.status,
      one.running.length,
      one.pending.length,
    ])
  const wanted = [1, 2, 3].map((n) => [`ComfyUI ${n}`, `comfyui-${n}`, 'running', 1, 6])
  await until(seen, (found) => JSON.stringify(found) === JSON.stringify(wanted))
})

test('where nothing waits, a workflow goes to the server that ran it last', async ({ comfies, open }) => {
  const engine = open()
  for (let seed = 0; seed < 4; seed++) {
    const { id } = await submit(engine, 'slow', { seed, seconds: 0 })
    await until(async () => (await engine.getRun(id))!.status === 'completed')
  }
  assert.equal(spread(comfies).sort(), [0, 0, 4])
})

test('a server without a class is left out, and the report names the class', async ({ comfies, open }) => {
  const engine = open({}, {}, (type, info, server) =>
    server === 1 && type === 'TestSleep' ? undefined : info,
  )
  await all(6, (seed) => slow(engine, seed))
  assert.equal(spread(comfies), [3, 0, 3])
  const { servers, workflows } = await engine.report!()
  for (const { about } of servers.slice(0, 2)) said(about)
  assert.equal(
    pluck(workflows, 'problem'),
    files.map(() => null),
  )
  // It is still used for all else.
  await all(3, () => submit(engine, 'batch'))
  assert.equal(spread(comfies), [3, 3, 3])
})

/** A picture of the caller's, with a choice that not all servers have. */
const styled: WorkflowFile = {
  name: 'styled',
  graph: graphOf({
    1: ['LoadImage', { image: 'example.png' }],
    2: ['TestDrawText', { image: ['1', 0], text: 'a', seed: 42, style: 'plain' }],
    3: ['SaveImage', { images: ['2', 0], filename_prefix: 'made' }],
  }),
  sidecar: {
    inputs: { photo: { node: '1', input: 'image' }, style: { node: '2', input: 'style' } },
    outputs: { picture: { node: '3' } },
  },
}
const only: Tamper = (type, info, server) => {
  if (type === 'TestDrawText') info.input.required.style[0] = server === 0 ? ['plain'] : ['plain', 'inverted']
  return info
}

test('a server that refuses connections gets no runs, and gets them again once it is back', async (sites) => {
  const { comfies, open } = sites
  const engine = open()
  await all(3, (seed) => slow(engine, seed))
  await comfies[1]!.kill()
  await all(4, (seed) => slow(engine, seed))
  assert.equal(spread(comfies), [3, 1, 3])
  const statuses = async () => (await engine.containers()).map(({ status }) => status).join()
  await until(statuses, (said) => said === 'running,stopped,running')
  await comfies[1]!.start()
  await until(
    async () => {
      await slow(engine, 1)
      return spread(comfies)
    },
    (counts) => counts[1]! > 1,
  )
  await until(statuses, (said) => said === 'running,running,running')
})

test('nobody waits for a server that hangs', async ({ comfies, open }) => {
  const engine = open()
  await engine.draft('slow', never)
  comfies[2]!.faults.push({ on: '', do: 'hang-before' })
  await all(6, (seed) => slow(engine, seed, 'g'))
  await slow(engine, 7, 'g')
  assert.equal(spread(comfies).slice(0, 2).sort(), [3, 4])
  assert.is((await engine.getRuns(page)).total, 7)
  // It has not been silent for long: it may be busy with an upload.
  assert.is((await engine.containers()).length, 3)
})

test('while two of three are away the third goes on, and while all are away nothing is sent or failed', async (sites) => {
  const { comfies, open } = sites
  const engine = open()
  const runs = await all(3, (seed) => slow(engine, seed, 'g'))
  await comfies[0]!.kill()
  await comfies[1]!.kill()
  await all(3, (seed) => slow(engine, seed, 'g'))
  assert.equal(spread(comfies), [1, 1, 4])
  for (const by of [engine, open()]) assert.is((await by.getRuns(page)).runs.length, 6)
  await comfies[2]!.kill()
  for (const { id } of runs) await refused(engine.getRun(id))
  await refused(slow(engine, 1), 429)
  await Promise.all(comfies.map((comfy) => comfy.start()))
  assert.equal(spread(comfies), [1, 1, 4])
  await until(async () =>
    (await Promise.all(runs.map(({ id }) => open().getRun(id)))).every((run) =>
      run!.error?.includes('ComfyUI restarted'),
    ),
  )
})

test('another gateway finds a run by its record, also by another address of the server', async (sites) => {
  const { comfies, open } = sites
  const { id } = await slow(open(), 1)
  assert.is((await open().getRun(id))!.status, 'running')
  const aliases = open({ urls: comfies.map(({ port }) => `http://localhost:${port}`) })
  assert.is((await aliases.getRun(id))!.status, 'running')
  const { run, hadEnded } = (await aliases.cancelRun(id))!
  assert.equal([run.status, hadEnded], ['cancelled', false])
  assert.is((await open().getRun(id))!.status, 'cancelled')
  assert.is(await open().getRun(crypto.randomUUID()), undefined)
})

test('while its server is away a run is not answered for, but listed; others are as ever', async (sites) => {
  const { open } = sites
  const engine = open()
  const runs = await all(6, (seed) => slow(engine, seed, 'g'))
  const { home } = await homeOf(sites, (await engine.getRun(runs[0]!.id))!.id)
  await home.kill()
  for (const by of [engine, open()]) {
    await refused(by.getRun(runs[0]!.id))
    const { runs: listed, total } = await by.getRuns(page)
    assert.equal([listed.length, total], [6, 6])
    assert.ok(listed.every(({ status }) => status === 'running' || status === 'queued'))
    await refused(by.getRun(crypto.randomUUID()))
    await refused(by.cancelRun(runs[0]!.id))
  }
  // It lost what it had: that is known once it is back.
  await home.start()
  const ended = await until(
    () => engine.getRun(runs[0]!.id),
    (run) => run!.status === 'failed',
  )
  said(ended!.error!)
  assert.equal(await open().getRun(runs[0]!.id), ended)
})

/** A run that has ended, once all other servers have copies of its end. */
async function endWithCopies(sites: Sites) {
  const engine = sites.open()
  const { id } = await submit(engine, 'slow', { seed: 1, seconds: 0 }, 'g')
  const ended = await until(
    () => engine.getRun(id),
    (run) => isOver(run!),
  )
  const { home, others } = await homeOf(sites, id)
  const path = `/userdata/flowscale%2Fended%2F${id}.json`
  await until(async () =>
    (await Promise.all(others.map(({ url }) => fetch(url + path)))).every(({ ok }) => ok),
  )
  return { ended: ended!, home, path }
}

test('an end is known while its server is away', async (sites) => {
  const { open } = sites
  const { ended, home } = await endWithCopies(sites)
  const { id } = ended
  await home.kill()
  assert.equal(await open().getRun(id), ended)
  assert.equal((await open().getRuns(page)).runs, [ended])
  await refused(open().readOutput(id, ended!.files[0]!, new Headers(), never))
  await home.start()
  const response = await open().readOutput(id, ended!.files[0]!, new Headers(), never)
  assert.is(response!.status, 200)
  await response!.body!.cancel()
})

test('an end that only the copies have counts, for lists, runs and files', async (sites) => {
  const { open } = sites
  const { ended, home, path } = await endWithCopies(sites)
  const { id } = ended
  // Its answer was seen, and it was killed before it had the record.
  await fetch(home.url + path, { method: 'DELETE' })
  await home.kill()
  await home.start()
  const later = open()
  assert.equal((await later.getRuns(page)).runs, [ended])
  assert.equal(await later.getRun(id), ended)
  const response = await later.readOutput(id, ended!.files[0]!, new Headers(), never)
  assert.is(response!.status, 200)
  await response!.body!.cancel()
  assert.equal(await open().getRun(id), ended)
})

test('a run of a server that was taken out is listed, not answered for, and failed after a while', async (sites) => {
  const { comfies, open } = sites
  const { id } = await slow(open(), 1, 'g')
  const { others } = await homeOf(sites, id)
  const path = `/userdata/flowscale%2Fruns%2F${id}.json`
  await until(async () =>
    (await Promise.all(others.map(({ url }) => fetch(url + path)))).every(({ ok }) => ok),
  )
  const urls = others.map(({ url }) => url)
  const impatient = open({ urls, lostAfterMs: 1_000 })
  // Before that, another gateway might still be sending it.
  await later(60_000, async () => {
    for (const left of [urls, urls.slice(1)]) {
      const rest = open({ urls: left })
      await refused(rest.getRun(id))
      const { runs, total } = await rest.getRuns(page)
      assert.equal([runs.map((run) => [run.id, run.status]), total], [[[id, 'queued']], 1])
    }
    assert.is((await open().getRun(id))!.status, 'running')
    await refused(impatient.getRun(id))
  })
  const lost = await later(62_000, () => impatient.getRun(id))
  assert.is(lost!.status, 'failed')
  said(lost!.error!)
  assert.is(
    spread(comfies).reduce((sum, count) => sum + count),
    1,
  )
})

test = suiteWithSites('two ComfyUIs', 2)

test('runs of others count', async ({ comfies, open }) => {
  await all(3, (seed) => slow(open({ urls: [comfies[0]!.url] }), seed))
  const engine = open()
  await all(5, (seed) => slow(engine, seed))
  assert.equal(spread(comfies), [4, 4])
})

test('a class that the one server has which is away is no error of the caller', async ({ comfies, open }) => {
  const engine = open({}, {}, (type, info, server) =>
    server === 0 && type === 'TestSleep' ? undefined : info,
  )
  await comfies[1]!.kill()
  await refused(engine.draft('slow', never))
  assert.is((await engine.draft('batch', never))!.workflow.id, 'batch')
  await comfies[1]!.start()
  await until(async () => (await engine.draft('slow', never)) !== undefined)
})

test('a workflow goes to the server that has the choices of its graph', async ({ comfies, open }) => {
  const graph = structuredClone(styled.graph) as any
  graph[2].inputs.style = 'inverted'
  const fixed = { name: 'fixed', graph, sidecar: { outputs: { picture: { node: '3' } } } }
  const engine = open({}, { workflows: [fixed] }, only)
  await all(3, (seed) => submit(engine, 'fixed', { seed_2: seed }))
  assert.equal(spread(comfies), [0, 3])
  const { servers, workflows } = await engine.report!()
  said(servers[0]!.about)
  assert.is(workflows[0]!.problem, null)
})

test('a choice goes to a server that has it, and an uploaded file goes along', async ({ comfies, open }) => {
  const engine = open({}, { workflows: [styled, ...files] }, only)
  const [workflow] = await engine.workflows()
  assert.equal(workflow!.inputs.get('style')!.options, ['plain', 'inverted'])
  await all(3, (seed) => slow(open({ urls: [comfies[1]!.url] }), seed))
  const bytes = new Uint8Array(
    await (await fetch(`${comfies[0]!.url}/view?filename=example.png&type=input`)).arrayBuffer(),
  )
  for (const style of ['plain', 'inverted']) {
    const draft = (await engine.draft('styled', never))!
    assert.equal(draft.workflow, workflow)
    const photo = await draft.putFile('photo', fileOf(bytes))
    await draft.submit({ values: { photo, style }, inputs: [], groupId: null, requestId: 'r' })
  }
  assert.equal(spread(comfies), [1, 4])
})

test('a choice that no server has is refused by one of them', async ({ open }) => {
  const engine = open({}, { workflows: [styled] }, only)
  const error = await rejection(submit(engine, 'styled', { photo: 'example.png', style: 'x' }))
  assert.equal([error.name, error.problems[0].loc], ['InputError', ['body', 'style']])
})

test('a run whose server refuses it before it was sent goes to the next, once', async ({ comfies, open }) => {
  const engine = open()
  await engine.draft('slow', never)
  // It answers how long its queue is, and is gone when the run comes.
  for (const { faults } of comfies) faults.push({ on: 'POST /userdata', do: 'status', status: 503 })
  await refused(slow(engine, 1), 429)
  assert.equal(spread(comfies), [0, 0])
  comfies[0]!.faults.length = 0
  await slow(engine, 1)
  assert.equal(spread(comfies), [1, 0])
})

test('a run that waits is cancelled', async ({ open }) => {
  const engine = open()
  await all(2, (seed) => slow(engine, seed))
  const { id } = await slow(engine, 3)
  assert.is((await engine.cancelRun(id))!.run.status, 'cancelled')
})

test('a run whose answer is lost goes to no other server', async ({ comfies, open }) => {
  for (const { faults } of comfies) faults.push({ on: 'POST /prompt', do: 'reset-before' })
  const failed = rejection(slow(open(), 1))
  await until(
    async () => spread(comfies),
    (counts) => counts.includes(1),
  )
  const { status, runId } = await later(30_000, () => failed)
  assert.equal([status, runId.length], [502, 36])
  assert.equal(spread(comfies).sort(), [0, 1])
})

test('a server whose worker is dead gets no runs, and fails none', async ({ comfies, open }) => {
  comfies[0]!.killWorker()
  const first = await slow(open({ urls: [comfies[0]!.url] }), 1)
  const engine = open()
  await engine.containers()
  await later(6_000, async () => {
    assert.equal(pluck(await engine.containers(), 'status'), ['stalled', 'idle'])
    await all(3, (seed) => slow(engine, seed))
    assert.equal(spread(comfies), [1, 3])
    assert.is((await engine.getRun(first.id))!.status, 'queued')
  })
})

test('a run of a server that keeps no records is found', async ({ comfies, open }) => {
  for (const { faults } of comfies)
    faults.push(
      { on: 'POST /userdata', do: 'status', status: 403 },
      { on: 'GET /userdata', do: 'status', status: 403 },
    )
  const { id } = await slow(open(), 1)
  assert.is((await open().getRun(id))!.status, 'running')
  comfies[0]!.faults.length = 0
  const second = await all(2, (seed) => slow(open(), seed, 'g'))
  const { runs } = await open().getRuns(page)
  assert.equal(pluck(runs, 'id').sort(), second.map((run) => run.id).sort())
})

test('a run of a server that was away for too long is failed, for every gateway, also after it is back', async (sites) => {
  const { open } = sites
  const engine = open({ lostAfterMs: 300 })
  const { id } = await submit(engine, 'slow', { seed: 1, seconds: 0.2 })
  await engine.getRun(id)
  const { home } = await homeOf(sites, id)
  // Its answers are lost, and it goes on.
  home.faults.push({ on: '', do: 'reset-before' })
  const lost = await until(
    () => engine.getRun(id),
    (run) => run!.status === 'failed',
  )
  home.faults.length = 0
  assert.equal(await open().getRun(id), { ...lost, progress: 0 })
  assert.equal(await engine.getRun(id), lost)
})

test('a server that is taken out of the addresses: its runs are not called failed', async (sites) => {
  const { comfies, open } = sites
  const engine = open()
  const going = await slow(engine, 1)
  await engine.getRun(going.id)
  const { home, others } = await homeOf(sites, going.id)
  const [other] = others
  const rest = open({ urls: [other!.url, 'http://127.0.0.1:9'] })
  await refused(rest.getRun(going.id))
  await engine.cancelRun(going.id)
  await until(async () => (await rest.getRun(going.id))!.status === 'cancelled')
  assert.is(comfies.length, 2)
  assert.ok(home !== other)
})

test('with a storage, all is in there', async (sites) => {
  const storage = createStorage()
  const { comfies, open } = sites
  const engine = open({}, { storage })
  const runs = await all(4, (seed) => slow(engine, seed, 'g'))
  assert.ok(comfies.every(({ requests }) => requests.every(({ path }) => !path.startsWith('/userdata'))))
  const again = open({}, { storage })
  assert.equal((await again.getRuns(page)).total, 4)
  await again.getRun(runs[0]!.id)
  const { home } = await homeOf(sites, runs[0]!.id)
  await home.kill()
  assert.is((await again.getRuns(page)).runs.length, 4)
  await refused(open({}, { storage }).getRun(runs[0]!.id))
  await home.start()
  await until(async () => (await again.getRun(runs[0]!.id))!.status === 'failed')
})

test('while the storage is away nothing is sent, and runs are known again once it is back', async (sites) => {
  const { comfies, open } = sites
  const values = new Map<string, string>()
  let isAway = false
  const use = async <T>(value: () => T): Promise<T> => {
    if (isAway) throw new Error('away')
    return value()
  }
  const storage: Storage = {
    getItem: (key) => use(() => values.get(key) ?? null),
    setItem: (key, value) => use(() => void values.set(key, value)),
    removeItem: (key) => use(() => void values.delete(key)),
    getKeys: (base = '') => use(() => [...values.keys()].filter((key) => key.startsWith(base))),
  }
  const engine = open({}, { storage })
  const { id } = await slow(engine, 1, 'g')
  isAway = true
  await refused(slow(engine, 2, 'g'), 429)
  await Promise.all(
    [engine.getRuns(page), engine.cancelRun(id), open({}, { storage }).getRun(id)].map((asked) =>
      refused(asked),
    ),
  )
  assert.equal(spread(comfies).sort(), [0, 1])
  isAway = false
  assert.is((await open({}, { storage }).getRun(id))!.status, 'running')
  assert.equal(pluck((await engine.getRuns(page)).runs, 'id'), [id])
})

test('changes are heard of the server that has the run', async ({ open }) => {
  const { id } = await submit(open(), 'slow', { seed: 1, seconds: 0.5 })
  const engine = open()
  const heard: string[] = []
  const ended = new Promise<void>((resolve) => {
    engine.watch!((run) => {
      if (run.id === id) heard.push(run.status)
      if (isOver(run)) resolve()
    })
  })
  const stop = engine.follow!(id)
  await ended
  stop()
  assert.is(heard.at(-1), 'completed')
  assert.ok(heard.includes('running'))
  engine.follow!(id)()
})
