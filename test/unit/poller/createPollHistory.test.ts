import { ArgumentError, type PollHistory, type PushConnection, TimeoutError } from '@flowscale/client'
import {
  createPollHistory,
  createRunWatcher,
  type ExecuteAsyncOptions,
  executeMany,
  executeWorkflowAsync,
  waitForRun,
} from '@flowscale/client/poller'
import type { Clock } from '@sinonjs/fake-timers'
import { assert, suite } from '#test'
import { json, rejection } from '../../support/fakes.ts'
import { assertNoListeners, drive, output, pass, pod, RUN, run, submitted, timed } from './kit.ts'

const test = suite('createPollHistory')

interface Server {
  /** How long the next run waits, and how long it takes. */
  queueMs: number
  runMs: number
  end: string
  tellsTimes: boolean
  /** How far its clock is ahead. */
  aheadMs: number
  isDown: boolean
}

/** A server with runs that take their time. Its polls are told in ms from the last submission. */
function serve(options: Partial<Server> = {}) {
  const server: Server = {
    queueMs: 0,
    runMs: 12_000,
    end: 'completed',
    tellsTimes: true,
    aheadMs: 0,
    isDown: false,
    ...options,
  }
  let startAt = 0
  let endAt = 0
  let submittedAt = 0
  const polls: number[] = []
  const stamp = (at: number) => new Date(at + server.aheadMs).toISOString()
  const submit = () => {
    polls.length = 0
    submittedAt = Date.now()
    startAt = submittedAt + server.queueMs
    endAt = startAt + server.runMs
  }
  const { client } = pod({
    execute: () => {
      submit()
      return submitted()
    },
    run: () => {
      const now = Date.now()
      polls.push(now - submittedAt)
      if (server.isDown) return json({}, { status: 503 })
      const status = now >= endAt ? server.end : now >= startAt ? 'running' : 'queued'
      return run(status, {
        outputs: [{ filename: 'a.png', url: 'http://files.test/a.png' }],
        ...(server.tellsTimes && now >= startAt && { started_at: stamp(startAt) }),
        ...(server.tellsTimes && now >= endAt && { completed_at: stamp(endAt) }),
      })
    },
  })
  /** Executes a workflow and waits; gives how late the end was seen. */
  const execute = async (clock: Clock, pollIntervalMs?: PollHistory, more: ExecuteAsyncOptions = {}) => {
    const { error } = await drive(clock, executeWorkflowAsync(client, 'w', {}, { pollIntervalMs, ...more }))
    return { error, late: Date.now() - endAt }
  }
  const learn = async (clock: Clock, history: PollHistory, times: readonly number[]) => {
    for (const ms of times) {
      server.runMs = ms
      await execute(clock, history)
    }
  }
  return { server, client, polls, submit, execute, learn }
}

const around12 = [11_500, 12_500, 12_000, 11_800, 12_200, 11_000, 13_000, 12_000]

test(
  'without a history it polls each second',
  timed(async (clock) => {
    const { polls, execute } = serve({ runMs: 3500 })
    const history = createPollHistory()
    for (let wait = 0; wait < 3; wait++) {
      await execute(clock, history)
      assert.equal(polls, [0, 1000, 2000, 3000, 4000])
    }
    await execute(clock, history)
    assert.ok(polls[0]! > 1000)
  }),
)

test(
  'a run teaches once, however long its outputs are waited for',
  timed(async (clock) => {
    const history = createPollHistory()
    for (let wait = 0; wait < 3; wait++) {
      const { client, calls } = pod({
        execute: submitted(),
        run: [run('running'), run('completed', { outputs: [{ filename: 'a.png' }] })],
        output: [new Response(null, { status: 204 }), new Response(null, { status: 204 }), output('a.png')],
      })
      await drive(clock, executeWorkflowAsync(client, 'w', {}, { pollIntervalMs: history }))
      assert.equal(calls, [
        'execute@0',
        'run@0',
        ...[1000, 2000, 3000].flatMap((at) => [`run@${at}`, `output a.png@${at}`]),
      ])
    }
  }),
)

for (const tellsTimes of [true, false])
  test(
    `later ones poll rarely, and often around the likely end (times ${tellsTimes ? 'told' : 'not told'})`,
    timed(async (clock) => {
      const { server, polls, execute, learn } = serve({ tellsTimes })
      const history = createPollHistory()
      await learn(clock, history, around12)
      let asked = 0
      let delay = 0
      for (const ms of around12) {
        server.runMs = ms
        delay += (await execute(clock, history)).late
        asked += polls.length
        assert.ok(polls[0]! > 4000, `the first poll after ${polls[0]} ms`)
      }
      // Each second it would be 13 and 500.
      assert.ok(asked / around12.length < 8, `${asked / around12.length} polls a run`)
      assert.ok(delay / around12.length < 450, `${delay / around12.length} ms late`)
    }),
  )

test(
  'what is queued is asked for rarely, and what started lately is not taken for old',
  timed(async (clock) => {
    for (const tellsTimes of [true, false]) {
      const { server, polls, execute, learn } = serve({ tellsTimes })
      const history = createPollHistory()
      await learn(clock, history, around12)
      Object.assign(server, { queueMs: 40_000, runMs: 12_000 })
      const { late } = await execute(clock, history)
      // Each second it would be 53.
      assert.ok(polls.length < 26, `${polls.length} polls`)
      assert.ok(late < 1000, `${late} ms late`)
    }
  }),
)

test(
  'a run from elsewhere is taken by when it started, whatever the clock of the server says; else each second',
  timed(async (clock) => {
    for (const aheadMs of [0, 3_600_000, -3_600_000]) {
      const { server, client, polls, submit, learn } = serve({ aheadMs })
      const history = createPollHistory()
      await learn(clock, history, [60_000, 61_000, 59_000, 60_000, 60_500])
      submit()
      await pass(clock, 57_000)
      await drive(clock, waitForRun(client, RUN, { pollIntervalMs: history }))
      assert.is(polls[0], 57_000, 'at once')
      assert.ok(polls.at(-1)! < 61_000, `seen after ${polls.at(-1)} ms`)

      server.tellsTimes = false
      submit()
      await pass(clock, 57_000)
      await drive(clock, waitForRun(client, RUN, { pollIntervalMs: history }))
      assert.equal(polls, [57_000, 58_000, 59_000, 60_000, 61_000])
    }
  }),
)

test(
  'it follows a change; what failed teaches nothing; one that outlives all others is polled as usual',
  timed(async (clock) => {
    const { server, polls, execute, learn } = serve()
    const history = createPollHistory()
    await learn(clock, history, around12)
    server.runMs = 100_000
    await execute(clock, history)
    const pauses = polls.slice(-50).map((at, index, all) => at - (all[index - 1] ?? at - 1000))
    assert.ok(
      pauses.every((ms) => ms > 900 && ms < 1020),
      `${pauses}`,
    )
    await learn(clock, history, Array(20).fill(40_000))
    server.end = 'failed'
    await learn(clock, history, Array(20).fill(2000))
    Object.assign(server, { end: 'completed', runMs: 40_000 })
    await execute(clock, history)
    assert.ok(polls[0]! > 6000, `the first poll after ${polls[0]} ms`)
    assert.ok(polls.length < 20, `${polls.length} polls`)
  }),
)

test(
  'where the server fails, the next poll is a second later',
  timed(async (clock) => {
    const { server, polls, execute, learn } = serve()
    const history = createPollHistory()
    await learn(clock, history, around12)
    server.isDown = true
    await execute(clock, history, { timeoutMs: 20_000 })
    const first = polls[0]!
    assert.equal(
      polls.slice(0, 4).map((at) => at - first),
      [0, 1000, 2000, 3000],
    )
  }),
)

test(
  'the deadline, maxPolls, an abort and a push count in the first pause, too',
  timed(async (clock) => {
    const { client, polls, execute, learn } = serve()
    const history = createPollHistory()
    await learn(clock, history, around12)
    const { error } = await execute(clock, history, { timeoutMs: 2000 })
    assert.instance(error, TimeoutError)
    assert.is(error.reason, 'deadline')
    assert.equal(polls, [])
    assert.is((await drive<any>(clock, error.resume({ timeoutMs: 60_000 }))).value.runId, RUN)

    assert.is((await execute(clock, history, { maxPolls: 1 })).error.reason, 'polls')
    assert.is(polls.length, 1)

    const controller = new AbortController()
    const wait = executeWorkflowAsync(client, 'w', {}, { pollIntervalMs: history, signal: controller.signal })
    const aborted = drive<unknown>(clock, rejection(wait))
    controller.abort('mine')
    assert.is((await aborted).value, 'mine')
    assertNoListeners(controller.signal)

    let hint = () => {}
    const push: PushConnection = {
      connected: true,
      watch(_, listener) {
        hint = () => listener({}, true)
        return { pauseMs: (ms) => ms, stop() {} }
      },
    }
    const pushed = executeWorkflowAsync(client, 'w', {}, { pollIntervalMs: history, push })
    await pass(clock, 500)
    hint()
    await drive(clock, pushed)
    assert.is(polls[0], 500)
  }),
)

test('it is for single waits; what is no history is refused', async () => {
  const { client } = serve()
  for (const pollIntervalMs of [{}, 'adaptive', null, () => 1000] as any[]) {
    const error = await rejection(waitForRun(client, RUN, { pollIntervalMs }))
    assert.instance(error, ArgumentError)
    assert.match(error.message, 'pollIntervalMs must be a number above 0 (ms) or a createPollHistory()')
  }
  const pollIntervalMs = createPollHistory() as any
  assert.throws(() => createRunWatcher(client, { pollIntervalMs }), /pollIntervalMs must be a number/)
  assert.match((await rejection(executeMany(client, 'w', [], { pollIntervalMs }))).message, 'pollIntervalMs')
})
