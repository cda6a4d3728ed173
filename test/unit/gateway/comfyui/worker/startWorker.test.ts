// The loop before one ComfyUI, with a gateway that this test plays. Imports the one file: an engine's own gateway never fails.
import { assert, said, suite } from '#test'
import { createComfyClient } from '../../../../../packages/gateway/src/comfyui/api/client.ts'
import {
  type Assignment,
  type News,
  NotWelcome,
  type Port,
  Refused,
} from '../../../../../packages/gateway/src/comfyui/worker/news.ts'
import {
  type RunningWorker,
  startWorker,
} from '../../../../../packages/gateway/src/comfyui/worker/startWorker.ts'
import type { Outcome, WorkerState } from '../../../../../packages/gateway/src/workerPort.ts'
import { type Comfy, startComfy } from '../../../../comfyui/server/startComfy.ts'
import { until } from '../../../../support/until.ts'
import { files, graphOf } from '../kit.ts'
import { photo, spread } from '../queued/kit.ts'

const test = suite('a worker before one ComfyUI')

type Called = [method: keyof Port, id?: string, more?: unknown]
/** Throws in place of an answer, or gives the mark, `null` for none. */
type Fault = (...called: Called) => unknown

/** A gateway that gives `runs`, which may change. */
function createPort(runs: Assignment[], fault: Fault) {
  const calls: Called[] = []
  const outcomes = new Map<string, Outcome>()
  const states: WorkerState[] = []
  const more: Partial<News>[] = []
  const bodies: ReadableStream[] = []
  const call = (...called: Called): unknown => {
    calls.push(called)
    return fault(...called)
  }
  const port: Port = {
    async poll(state, signal) {
      states.push(state)
      call('poll')
      const unknown = runs.filter(({ run }) => !state.has.includes(run.id))
      const extra = more.shift()
      if (unknown.length === 0 && !extra) await new Promise((resolve) => setTimeout(resolve, 20))
      signal.throwIfAborted()
      return { runs: unknown, holds: runs.map(({ run }) => run.id), stop: [], asks: [], ...extra }
    },
    async send(id) {
      const mark = call('send', id)
      return mark === null ? undefined : Number(mark ?? 1)
    },
    giveBack: async (id) => void call('giveBack', id),
    report: async (id, progress, isDone) => void call('report', id, { ...progress, isDone }),
    putPreview: async (id, data) => void (await call('putPreview', id, data)),
    async openInput(id, name) {
      await call('openInput', id, name)
      return { body: new Blob([photo]).stream(), size: photo.length }
    },
    async putOutput(id, name, body) {
      bodies.push(body)
      call('putOutput', id, name)
      assert.ok((await new Response(body).arrayBuffer()).byteLength > 50)
    },
    async end(id, outcome) {
      call('end', id)
      outcomes.set(id, outcome)
      runs.splice(
        runs.findIndex(({ run }) => run.id === id),
        1,
      )
    },
    answer: async (id, { status }) => void call('answer', id, status),
  }
  return { port, calls, outcomes, states, more, bodies }
}

function makeRun(more: Partial<Assignment> = {}, seconds = 0): Assignment {
  const run = {
    id: crypto.randomUUID(),
    workflowId: 'slow',
    groupId: null,
    createdAt: Date.now(),
    shown: [],
    outputs: [{ name: 'picture', node: '3' }],
    titles: {},
    nodes: 3,
  }
  const graph = structuredClone(files[0]!.graph) as any
  graph[2].inputs.seconds = seconds
  return { run, graph, files: [], ...more }
}

interface Site extends ReturnType<typeof createPort> {
  readonly comfy: Comfy
  readonly refusals: Error[]
  readonly worker: RunningWorker
  /** How often a method was called. */
  count(...methods: Called[0][]): number
}
async function withWorker(
  runs: Assignment[],
  use: (site: Site) => Promise<void>,
  fault: Fault = () => {},
): Promise<void> {
  const comfy = await startComfy({ version: '0.8.0' })
  const made = createPort(runs, fault)
  const refusals: Error[] = []
  const worker = startWorker({
    client: createComfyClient(comfy.url),
    port: made.port,
    name: 'w',
    lostAfterMs: 60_000,
    log: () => {},
    onRefused: (error) => void refusals.push(error),
  })
  const count: Site['count'] = (...methods) =>
    made.calls.filter(([method]) => methods.includes(method)).length
  try {
    await use({ ...made, comfy, refusals, worker, count })
  } finally {
    worker.close()
    await comfy.stop()
  }
}

test('while the gateway is away, whatever for, runs are sent once, and brought back', async () => {
  const failed = new Set<string>()
  const runs = [makeRun(), makeRun(), makeRun()]
  const upload = `flowscale-${runs[0]!.run.id}-1-a.png`
  const copy = graphOf({
    1: ['LoadImage', { image: upload }],
    3: ['SaveImage', { images: ['1', 0], filename_prefix: 'made' }],
  })
  runs[0] = { ...runs[0]!, graph: copy as Assignment['graph'], files: [upload] }
  const ids = runs.map(({ run }) => run.id)
  const now = performance.now.bind(performance)
  const failOnce: Fault = (method) => {
    if (failed.has(method)) return
    failed.add(method)
    // For longer than a server that has a run may be away: it was not sent yet.
    if (method === 'send') performance.now = () => now() + 60_001
    throw new TypeError('fetch failed')
  }
  await withWorker(
    runs,
    async ({ comfy, outcomes, count }) => {
      await until(() => outcomes.size === 3)
      assert.equal(
        ids.map((id) => outcomes.get(id)!.status),
        ['completed', 'completed', 'completed'],
      )
      assert.equal([spread([comfy]), Object.keys(comfy.executed.runs)], [[3], ids])
      for (const method of ['poll', 'send', 'openInput', 'putOutput', 'end'])
        assert.ok(failed.has(method), method)
      assert.is(count('giveBack'), 0)
    },
    failOnce,
  ).finally(() => {
    performance.now = now
  })
})

test('a worker that drains ends the run that it sent, brings the result back, and sends no other', async () => {
  const runs = [makeRun({}, 0.5), makeRun()]
  const [sent, ahead] = runs.map(({ run }) => run.id)
  await withWorker(runs, async ({ comfy, worker, states, outcomes, count }) => {
    await until(() => comfy.executed.runs[sent!])
    await worker.drain()
    assert.equal([outcomes.get(sent!)?.status, outcomes.size, spread([comfy])], ['completed', 1, [1]])
    assert.equal([states.at(-1)!.isUp, runs.map(({ run }) => run.id)], [false, [ahead]])
    const polls = count('poll')
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.is(count('poll'), polls)
  })
  // Without a run, at once.
  await withWorker([], async ({ worker }) => await worker.drain())
})

const refuses =
  (refused: Called[0]): Fault =>
  (method) => {
    if (method === refused) throw new Refused('run')
  }

test('what it must not send, it does not send', async () => {
  const ways: [what: string, run: Partial<Assignment>, fault?: Fault | undefined, status?: string][] = [
    ['a run that was sent by an earlier worker', { sentAt: Date.now() - 60_000 }, undefined, 'failed'],
    ['a run that another server has', {}, refuses('send')],
    ['a run that asks for a file of nobody', { files: ['x'] }, refuses('openInput')],
    ['a run that gets no mark, also if it is still on the list', {}, () => null],
  ]
  for (const [what, run, fault, status] of ways) {
    const runs = [makeRun(run)]
    const { id } = runs[0]!.run
    const check = async ({ comfy, outcomes, count }: Site) => {
      if (status) await until(() => outcomes.has(id))
      else await until(() => count('send', 'openInput') > 3)
      assert.equal([spread([comfy]), outcomes.get(id)?.status], [[0], status], what)
      if (status) said(outcomes.get(id)!.error!)
      // The one after it is not held up.
      runs.splice(0, 1, makeRun())
      if (status) await until(() => outcomes.size === 2)
    }
    await withWorker(runs, check, fault)
  }
})

test('a run that fails, and one that ComfyUI refuses, end with the reason', async () => {
  for (const [inputs, reason] of [
    [{ fail: true, seconds: 0.5, cooperative: false }, /^failed: .*asked to fail/],
    [{ seconds: 9999 }, /^failed: .*seconds/],
  ] as const) {
    const run = makeRun()
    Object.assign(run.graph[2]!.inputs, inputs)
    await withWorker([run], async ({ outcomes, calls }) => {
      const { status, error } = (await until(() => outcomes.get(run.run.id)))!
      assert.match(`${status}: ${error}`, reason)
      assert.ok(calls.every(([method, , news]) => method !== 'report' || 'progress' in Object(news)))
    })
  }
})

test('a result is brought back once, after the gateway has heard that the GPU is free', async () => {
  const runs = [makeRun()]
  await withWorker(runs, async ({ outcomes, calls, comfy, count }) => {
    await until(() => outcomes.size === 1)
    const isDone = calls.map(([method, , news]) => method === 'report' && Object(news).isDone === true)
    const broughtAt = calls.findIndex(([method]) => method === 'putOutput')
    assert.ok(isDone.slice(0, broughtAt).includes(true))
    // The worker looks for ends each second.
    runs.push(makeRun({}, 1.5))
    await until(() => outcomes.size === 2)
    assert.is(count('end'), 2)
    const looks = () => comfy.requests.filter(({ path }) => /^\/(history|queue)/.test(path)).length
    const before = looks()
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    assert.is(looks(), before, 'nobody looks for a run that has ended')
  })
})

test('a file that the gateway refuses holds no connection to ComfyUI', async () => {
  const runs = [makeRun(), makeRun()]
  const check = async ({ bodies }: Site) => {
    await until(() => bodies.length > 1)
    assert.is((await bodies[0]!.getReader().read()).done, true)
  }
  await withWorker(runs, check, refuses('putOutput'))
})

test('what happens to a run while its mark is asked for', async () => {
  type Way = (site: Site, runs: Assignment[], id: string) => unknown
  const isLast = (site: Site, name: 'has' | 'stopping', count: number) =>
    until(() => site.states.at(-1)?.[name].length === count)
  const ways: [what: string, seconds: number, way: Way, sent: number, status?: string][] = [
    [
      'it is off the list, and on it again',
      0,
      async (site, runs) => {
        const [run] = runs.splice(0, 1)
        const before = site.states.length
        await until(() => site.states.length > before + 2)
        runs.unshift(run!)
        await until(() => site.states.length > before + 4)
      },
      1,
      'completed',
    ],
    [
      'it is cancelled',
      600,
      async (site, _runs, id) => {
        site.more.push({ stop: [id] })
        await isLast(site, 'stopping', 1)
      },
      1,
      'cancelled',
    ],
    ['it goes to another server', 0, (_site, runs) => void runs.shift(), 0],
  ]
  for (const [what, seconds, way, sent, status] of ways) {
    const runs = [makeRun({}, seconds), makeRun()]
    const [first, next] = runs.map(({ run }) => run.id) as [string, string]
    let isAway = true
    const fault: Fault = (method, id) => {
      if (method !== 'send' || id !== first) return undefined
      if (isAway) throw new Error('away')
      return sent === 0 ? null : 1
    }
    const check = async (site: Site) => {
      await isLast(site, 'has', 2)
      await until(() => site.count('send'))
      await way(site, runs, first)
      isAway = false
      await until(() => site.outcomes.has(next) && (!status || site.outcomes.has(first)))
      const { comfy, outcomes } = site
      assert.equal([outcomes.get(first)?.status, spread([comfy])], [status, [1 + sent]], what)
      assert.is(site.count('giveBack'), 0, what)
    }
    await withWorker(runs, check, fault)
  }
})

test('a run whose inputs are uploaded is sent once, though one comes meanwhile that was sent before', async () => {
  const run = makeRun({ files: ['photo.png'] })
  const runs = [run]
  let release = (): void => {}
  const upload = new Promise<void>((resolve) => {
    release = resolve
  })
  const check = async ({ comfy, outcomes, count }: Site) => {
    await until(() => count('openInput'))
    const before = makeRun({ sentAt: Date.now() - 60_000 })
    runs.push(before)
    await until(() => outcomes.has(before.run.id))
    release()
    await until(() => outcomes.has(run.run.id))
    assert.equal([count('send'), spread([comfy])], [1, [1]])
  }
  await withWorker(runs, check, (method) => (method === 'openInput' ? upload : undefined))
})

test('while ComfyUI is away a run is given back, and ComfyUI is called up once it answers', async () => {
  const runs: Assignment[] = []
  await withWorker(runs, async ({ comfy, outcomes, count, states }) => {
    await comfy.kill()
    const run = makeRun()
    runs.push(run)
    await until(() => count('giveBack'))
    await until(() => states.at(-1)!.isUp === false)
    await comfy.start()
    await until(() => outcomes.has(run.run.id))
    assert.equal([outcomes.get(run.run.id)!.status, spread([comfy])], ['completed', [1]])
  })
})

test('a cancel reaches ComfyUI, though a request for it is lost', async () => {
  const run = makeRun({}, 600)
  const { id } = run.run
  await withWorker([run], async ({ comfy, outcomes, more }) => {
    await until(() => comfy.executed.runs[id])
    for (const on of ['POST /queue', 'POST /interrupt'])
      comfy.faults.push({ on, do: 'reset-before', times: 1 })
    more.push({ stop: [id] })
    assert.is((await until(() => outcomes.get(id)))!.status, 'cancelled')
  })
})

test('it tells of ComfyUI what a gateway needs, and nothing else', async () => {
  const paths = [
    '/object_info/SaveImage',
    '/system_stats',
    '/object_info',
    '/queue',
    '/history',
    '/view?filename=example.png',
    '/object_info/../queue',
    '/object_info/..\\queue',
    '/object_info/a\\..\\..\\queue',
    '/object_info/%2e%2e',
    '/object_info/a?b',
    '/userdata?dir=.',
    'http://127.0.0.1:1/',
  ]
  const check = async ({ comfy, calls, more }: Site) => {
    more.push({ asks: paths.map((path, index) => ({ id: `${index}`, path })) })
    const answers = await until(
      () => calls.filter(([method]) => method === 'answer'),
      (all) => all.length === paths.length,
    )
    const statuses = answers.sort(([, a], [, b]) => Number(a) - Number(b)).map(([, , status]) => status)
    assert.equal(statuses, [200, 200, ...paths.slice(2).map(() => 403)])
    assert.ok(
      comfy.requests.every(({ path }) => /^\/(prompt|object_info\/SaveImage|system_stats)$/.test(path)),
    )
  }
  // A worker goes on, though an answer of it is refused.
  await withWorker([], check, refuses('answer'))
})

test('a gateway that refuses it has its last word', async () => {
  for (const error of [new NotWelcome('a wrong key'), new Refused('session')]) {
    let polls = 0
    const refuse: Fault = () => {
      // At its first words, an earlier worker of this name may have died a moment ago.
      if (++polls > 2) throw error
      if (error instanceof Refused && polls === 1) throw error
    }
    const check = async ({ refusals, calls }: Site) => {
      await until(() => refusals.length > 0)
      assert.equal([refusals, calls.length], [[error], 3])
    }
    await withWorker([], check, refuse)
  }
})

test('pictures are brought while the gateway asks, one at a time, and at most two a second', async () => {
  const [watched, other] = [makeRun({}, 600), makeRun({}, 600)]
  for (const { graph } of [watched, other]) (graph as any)[2].inputs.preview = true
  const { id } = watched.run
  let isAsked = false
  let atOnce = 0
  const wrong: unknown[] = []
  const at: number[] = []
  const fault: Fault = async (method, run, data) => {
    if (method !== 'putPreview') return
    // The worker would take what is thrown here for an answer.
    if (run !== id || ++atOnce > 1 || (data as Uint8Array)[0] !== 0xff) wrong.push([run, atOnce, data])
    at.push(performance.now())
    await new Promise((resolve) => setTimeout(resolve, 50))
    atOnce--
    // A gateway that is away gets no picture twice.
    throw new Error('away')
  }
  await withWorker(
    [watched, other],
    async ({ calls, port, more, count }) => {
      const { poll } = port
      port.poll = async (...state) => ({ ...(await poll(...state)), ...(isAsked && { previews: [id] }) })
      const reports = (): number => calls.filter(([method, run]) => method === 'report' && run === id).length
      await until(() => reports() > 3)
      assert.is(count('putPreview'), 0)
      isAsked = true
      await until(() => at.length === 3)
      assert.ok(
        at.every((time, index) => index === 0 || time - at[index - 1]! >= 450),
        `${at}`,
      )
      isAsked = false
      more.push({})
      const seen = reports()
      await until(() => reports() > seen + 4)
      const brought = count('putPreview')
      const later = reports()
      await until(() => reports() > later + 4)
      assert.is(count('putPreview'), brought)
      assert.equal(wrong, [])
    },
    fault,
  )
})
