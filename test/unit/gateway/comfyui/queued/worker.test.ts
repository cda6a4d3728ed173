// The loop before one ComfyUI, with a gateway that this test plays. Imports the one file: an engine's own gateway never fails.
import { readFileSync } from 'node:fs'
import { assert, said, suite } from '#test'
import { createComfyClient } from '../../../../../packages/gateway/src/comfyui/api/client.ts'
import {
  type Assignment,
  type News,
  NotWelcome,
  type Outcome,
  type Port,
  Refused,
  type WorkerState,
} from '../../../../../packages/gateway/src/comfyui/queued/port.ts'
import { startWorker } from '../../../../../packages/gateway/src/comfyui/queued/worker.ts'
import { type Comfy, startComfy } from '../../../../comfyui/server/startComfy.ts'
import { until } from '../../../../support/until.ts'
import { files, graphOf } from '../kit.ts'
import { spread } from './kit.ts'

const test = suite('a worker before one ComfyUI')

type Called = [method: keyof Port, id?: string, more?: unknown]

/** A gateway that gives these runs. `fault` may throw in place of an answer. */
function createPort(runs: Assignment[], fault: (...called: Called) => unknown = () => {}) {
  const calls: Called[] = []
  const outcomes = new Map<string, Outcome>()
  const sent = new Set<string>()
  const states: WorkerState[] = []
  const more: Partial<News>[] = []
  const call = (...called: Called): void => {
    calls.push(called)
    fault(...called)
  }
  const drop = (id: string): void =>
    void runs.splice(
      runs.findIndex(({ run }) => run.id === id),
      1,
    )
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
      call('send', id)
      sent.add(id)
      return 1
    },
    async giveBack(id) {
      call('giveBack', id)
      sent.delete(id)
    },
    async report(id, progress, isDone) {
      call('report', id, { ...progress, isDone })
    },
    async openInput(id, name) {
      call('openInput', id, name)
      return new Response(picture)
    },
    async putOutput(id, name, body) {
      call('putOutput', id, name)
      assert.ok((await new Response(body).arrayBuffer()).byteLength > 50)
    },
    async end(id, outcome) {
      call('end', id)
      outcomes.set(id, outcome)
      drop(id)
    },
    async answer(id, answer) {
      call('answer', id, answer.status)
    },
  }
  return { port, calls, outcomes, states, more }
}

const [slow] = files
const picture = readFileSync('test/comfyui/workflows/example.png')
function makeRun(more: Partial<Assignment> = {}): Assignment {
  const id = crypto.randomUUID()
  const run = {
    id,
    workflowId: 'slow',
    groupId: null,
    createdAt: Date.now(),
    shown: [],
    outputs: [{ name: 'picture', node: '3' }],
    titles: {},
    nodes: 3,
  }
  const graph = structuredClone(slow!.graph) as any
  graph[2].inputs.seconds = 0
  return { run, graph, files: [], ...more }
}

interface Site extends ReturnType<typeof createPort> {
  readonly comfy: Comfy
  readonly lines: string[]
  readonly refusals: Error[]
}
async function withWorker(
  made: ReturnType<typeof createPort>,
  use: (site: Site) => Promise<void>,
): Promise<void> {
  const comfy = await startComfy({ version: '0.8.0' })
  const lines: string[] = []
  const refusals: Error[] = []
  const worker = startWorker({
    client: createComfyClient(comfy.url),
    port: made.port,
    name: 'w',
    lostAfterMs: 60_000,
    log: (_level, line) => void lines.push(line),
    onRefused: (error) => void refusals.push(error),
  })
  try {
    await use({ ...made, comfy, lines, refusals })
  } finally {
    worker.close()
    await comfy.stop()
  }
}

test('while the gateway is away for a moment, whatever for, runs are sent once, and brought back', async () => {
  const failed = new Set<string>()
  const runs = [makeRun(), makeRun(), makeRun()]
  const upload = `flowscale-${runs[0]!.run.id}-1-a.png`
  const copy = graphOf({
    1: ['LoadImage', { image: upload }],
    3: ['SaveImage', { images: ['1', 0], filename_prefix: 'made' }],
  })
  runs[0] = { ...runs[0]!, graph: copy as Assignment['graph'], files: [upload] }
  const ids = runs.map(({ run }) => run.id)
  const made = createPort(runs, (method) => {
    if (failed.has(method)) return
    failed.add(method)
    throw new TypeError('fetch failed')
  })
  await withWorker(made, async ({ comfy, outcomes, calls }) => {
    await until(() => outcomes.size === 3)
    assert.equal(
      ids.map((id) => outcomes.get(id)!.status),
      ['completed', 'completed', 'completed'],
    )
    assert.equal([spread([comfy]), Object.keys(comfy.executed.runs)], [[3], ids])
    for (const method of ['poll', 'send', 'openInput', 'putOutput', 'end'])
      assert.ok(failed.has(method), method)
    assert.not(calls.some(([method]) => method === 'giveBack'))
  })
})

test('what it must not send, it does not send', async () => {
  const ways: [
    what: string,
    run: Partial<Assignment>,
    fault?: ((...called: Called) => unknown) | undefined,
    status?: string,
  ][] = [
    ['a run that was sent by an earlier worker', { sentAt: Date.now() - 60_000 }, undefined, 'failed'],
    [
      'a run that another server has',
      {},
      (method) => {
        if (method === 'send') throw new Refused('run')
      },
    ],
    [
      'a run that asks for a file of nobody',
      { files: ['x'] },
      (method) => {
        if (method === 'openInput') throw new Refused('run')
      },
    ],
  ]
  for (const [what, run, fault, status] of ways) {
    const runs = [makeRun(run)]
    const [
      {
        run: { id },
      },
    ] = runs as [Assignment]
    await withWorker(createPort(runs, fault), async ({ comfy, outcomes, calls }) => {
      if (status) await until(() => outcomes.has(id))
      else
        await until(() => calls.filter(([method]) => method === 'send' || method === 'openInput').length >= 2)
      assert.equal([spread([comfy]), outcomes.get(id)?.status], [[0], status], what)
      if (status) said(outcomes.get(id)!.error!)
      // The one after it is not held up.
      runs.splice(0, 1, makeRun())
      if (status) await until(() => outcomes.size === 2)
    })
  }
})

test('a run that gets no mark is not sent, also if it is still on the list', async () => {
  const made = createPort([makeRun()], () => {})
  const port: Port = { ...made.port, send: async (id) => void (await made.port.send(id)) as undefined }
  await withWorker({ ...made, port }, async ({ comfy, calls }) => {
    await until(() => calls.filter(([method]) => method === 'send').length > 3)
    assert.not(comfy.requests.some(({ method, path }) => method === 'POST' && path === '/prompt'))
  })
})

test('a run that is dropped and given again while its mark is asked for is sent once, and ends', async () => {
  const runs = [makeRun()]
  let isAway = true
  const made = createPort(runs, (method) => {
    if (method === 'send' && isAway) throw new Error('away')
  })
  await withWorker(made, async ({ comfy, outcomes, states, calls }) => {
    await until(() => calls.some(([method]) => method === 'send'))
    const [run] = runs.splice(0)
    await until(() => states.at(-1)!.has.length === 0)
    runs.push(run!)
    await until(() => states.at(-1)!.has.length === 1)
    isAway = false
    await until(() => outcomes.has(run!.run.id))
    assert.is(comfy.requests.filter(({ method, path }) => method === 'POST' && path === '/prompt').length, 1)
  })
})

test('a run that it no longer has is dropped, and the next one is sent', async () => {
  const runs = [makeRun(), makeRun()]
  const [first, second] = runs as [Assignment, Assignment]
  let isAway = true
  const made = createPort(runs, (method, id) => {
    if (method === 'send' && id === first.run.id && isAway) throw new Error('away')
  })
  const send: Port['send'] = async (id) => {
    const mark = await made.port.send(id)
    return id === first.run.id ? undefined : mark
  }
  await withWorker({ ...made, port: { ...made.port, send } }, async ({ comfy, outcomes, states }) => {
    await until(() => states.some(({ has }) => has.length === 2))
    runs.shift()
    isAway = false
    await until(() => outcomes.has(second.run.id))
    assert.equal(Object.keys(comfy.executed.runs), [second.run.id])
  })
})

test('while ComfyUI is away a run is given back, and ComfyUI is called up once it answers', async () => {
  const runs: Assignment[] = []
  await withWorker(createPort(runs), async ({ comfy, outcomes, calls, states }) => {
    await comfy.kill()
    const run = makeRun()
    runs.push(run)
    await until(() => calls.some(([method]) => method === 'giveBack'))
    await until(() => states.at(-1)!.isUp === false)
    await comfy.start()
    await until(() => outcomes.has(run.run.id))
    assert.equal([outcomes.get(run.run.id)!.status, spread([comfy])], ['completed', [1]])
  })
})

test('it tells of ComfyUI what a gateway needs, and nothing else', async () => {
  const made = createPort([])
  const paths = [
    '/object_info/SaveImage',
    '/system_stats',
    '/object_info',
    '/queue',
    '/history',
    '/view?filename=example.png',
    '/object_info/../queue',
    '/object_info/a?b',
    '/userdata?dir=.',
    'http://127.0.0.1:1/',
  ]
  made.more.push({ asks: paths.map((path, index) => ({ id: `${index}`, path })) })
  await withWorker(made, async ({ comfy, calls }) => {
    const answers = await until(
      () => calls.filter(([method]) => method === 'answer'),
      (all) => all.length === paths.length,
    )
    const statuses = answers.sort(([, a], [, b]) => Number(a) - Number(b)).map(([, , status]) => status)
    assert.equal(statuses, [200, 200, 403, 403, 403, 403, 403, 403, 403, 403])
    assert.ok(
      comfy.requests.every(({ path }) => /^\/(prompt|object_info\/SaveImage|system_stats)$/.test(path)),
    )
  })
})

test('a gateway that refuses it has its last word', async () => {
  for (const error of [new NotWelcome('a wrong key'), new Refused('session')]) {
    let polls = 0
    const made = createPort([], () => {
      // At its first words, an earlier worker of this name may have died a moment ago.
      if (++polls > 2) throw error
      if (error instanceof Refused && polls === 1) throw error
    })
    await withWorker(made, async ({ refusals, calls }) => {
      await until(() => refusals.length > 0)
      assert.equal([refusals, calls.length], [[error], 3])
    })
  }
})
