// A run by JSON, and answers that wait for its end: in front of an engine that says what the test wants.
import { createEmulator } from '@flowscale/emulator'
import { createHttpApi, type Dialect, type Engine, EngineError, type Run } from '@flowscale/gateway/http'
import { serve } from '@flowscale/gateway/node'
import { assert, suite } from '#test'
import { fakeClock } from '../../../../support/fakes.ts'
import { until } from '../../../../support/until.ts'
import { draft, fakeEngine, run as running } from '../../fakeEngine.ts'

const test = suite('answers that wait')
const ORIGIN = 'http://gateway.test'
const KEY = 'a-key'
const START = '/api/v1/workflows/w/runs'
const RUN = '/api/v1/runs/r1'
const queued: Run = { ...running, status: 'queued', progress: 0, position: 1, files: [] }
const completed: Run = { ...running, status: 'completed', progress: 1 }

/** An engine whose news the test tells, and how often it was asked. */
function telling(own: Partial<Engine> = {}) {
  const listeners = new Set<(news: Run) => void>()
  const told = { asked: 0, watched: 0, followed: 0, listeners, now: running as Run | undefined }
  const engine = fakeEngine({
    async getRun(id) {
      told.asked++
      return id === 'r1' ? told.now : undefined
    },
    watch(listener) {
      told.watched++
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    follow() {
      told.followed++
      return () => void told.followed--
    },
    cancelRun: () => assert.unreachable('a wait cancels nothing') as never,
    draft: async (id) =>
      id === 'w' ? { ...draft, submit: async () => ({ run: queued, number: 3 }) } : undefined,
    ...own,
  })
  const tell = (news: Run): void => {
    told.now = news
    for (const listener of [...listeners]) listener(news)
  }
  return { told, engine, tell }
}

function open(own?: Partial<Engine>, dialect: Dialect = 'readme') {
  const { told, engine, tell } = telling(own)
  const api = createHttpApi({
    engine,
    dialect,
    apiKey: KEY,
    sign: () => 's',
    urlTtlMs: 60_000,
    makeRequestId: () => 'id',
    name: 'gateway',
  })
  const ask = (
    path: string,
    prefer = '',
    init: RequestInit = {},
    closing?: AbortSignal,
  ): Promise<Response> => {
    const headers = new Headers({ 'x-api-key': KEY, ...(init.headers as object) })
    if (prefer) headers.set('prefer', prefer)
    return api.handle(new Request(ORIGIN + path, { ...init, headers }), { filesUrl: ORIGIN, closing })
  }
  const post = (prefer = '', fields: object = { text: 'a' }, init: RequestInit = {}): Promise<Response> => {
    const headers = { 'content-type': 'application/json', ...(init.headers as object) }
    return ask(START, prefer, { method: 'POST', body: JSON.stringify(fields), ...init, headers })
  }
  const nothingIsLeft = (): void => assert.equal([told.listeners.size, told.followed], [0, 0])
  return { api, told, tell, ask, post, nothingIsLeft }
}

const reader = ({ body }: Response) => {
  const pieces = body!.pipeThrough(new TextDecoderStream()).getReader()
  return async () => (await pieces.read()).value
}

async function dataOf(answer: Response): Promise<any> {
  const { status, data } = (await answer.json()) as any
  assert.equal([answer.status, status], [200, 'success'])
  return data
}

test('the preference, as it is applied', async () => {
  for (const [prefer, applied] of [
    ['wait=60', 'wait=60'],
    ['wait', 'wait=50'],
    ['Wait = "7"', 'wait=7'],
    ['return=minimal, wait=5; x=y', 'wait=5'],
    ['wait=5, wait=6', 'wait=5'],
    ['wait=0', 'wait=0'],
    ['wait=301', 'wait=300'],
    ['wait=99999999999999999999', 'wait=300'],
    ['wait=-1', null],
    ['wait=5s', null],
    ['waiting=5', null],
    ['respond-async', null],
    ['', null],
  ] as const) {
    const { told, ask, nothingIsLeft } = open()
    told.now = completed
    const answer = await ask(RUN, prefer)
    assert.is(answer.headers.get('preference-applied'), applied, prefer)
    assert.is(answer.headers.get('cache-control'), applied && 'no-store, no-transform', prefer)
    assert.is((await dataOf(answer)).status, 'completed')
    nothingIsLeft()
  }
})

for (const dialect of ['readme', 'openapi', 'python'] as const) {
  test(`${dialect}: a run by JSON, and its end`, async () => {
    const { told, post, tell, ask, nothingIsLeft } = open({}, dialect)
    const atOnce = await dataOf(await post())
    assert.equal([atOnce.run_id, atOnce.status, atOnce.outputs], ['r1', 'queued', []])
    assert.equal([told.asked, told.watched], [0, 0])

    const [started, known] = [await post('wait=9'), await ask(RUN, 'wait=9')]
    assert.is(started.headers.get('content-type'), 'application/json')
    assert.is(started.headers.get('x-accel-buffering'), 'no')
    assert.is(started.headers.get('cache-control'), 'no-store, no-transform')
    assert.match(started.headers.get('access-control-expose-headers')!, /\bpreference-applied\b/)
    tell({ ...completed, id: 'another' })
    tell({ ...running, progress: 0.9 })
    tell(completed)
    const data = await dataOf(started)
    assert.equal([data.run_id, data.status, data.outputs.length], ['r1', 'completed', 1])
    const shapes = [await dataOf(known), await dataOf(await ask(RUN))]
    const [waited, asked] = shapes.map((one) => JSON.stringify(one).replace(/expires=\d+/, ''))
    assert.is(waited, asked)
    nothingIsLeft()
  })
}

test('a space each 15 seconds, and the state when the time is over', async () => {
  const { told, post, tell, nothingIsLeft } = open()
  told.now = queued
  const clock = fakeClock()
  try {
    const next = reader(await post('wait=40'))
    for (let spaces = 0; spaces < 2; spaces++) {
      let piece: string | undefined
      void next().then((value) => {
        piece = value
      })
      await clock.tickAsync(14_999)
      assert.is(piece, undefined)
      await clock.tickAsync(1)
      assert.is(piece, ' ')
    }
    tell({ ...running, progress: 0.75 })
    const last = next()
    await clock.tickAsync(10_000)
    const { data } = JSON.parse((await last)!)
    assert.equal([data.status, data.progress, await next()], ['running', 0.75, undefined])
    nothingIsLeft()
    assert.is(clock.countTimers(), 0)
  } finally {
    clock.uninstall()
  }
})

test('a run that ended between the submission and the watch', async () => {
  const { told, post, nothingIsLeft } = open()
  told.now = completed
  assert.is((await dataOf(await post('wait=300'))).status, 'completed')
  nothingIsLeft()
})

test('500 callers of one run ask the engine once', async () => {
  const { told, ask, tell, nothingIsLeft } = open()
  const waiting = await Promise.all(Array.from({ length: 500 }, () => ask(RUN, 'wait')))
  const late = await ask(RUN, 'wait')
  assert.equal([told.asked, told.watched, told.followed], [1, 1, 1])
  await late.body!.cancel()
  tell(completed)
  for (const answer of waiting) assert.is((await dataOf(answer)).status, 'completed')
  nothingIsLeft()
  await ask(RUN, 'wait')
  assert.is(told.asked, 2)
})

test('a caller that goes cancels nothing, and leaves nothing', async () => {
  const { ask, post, nothingIsLeft } = open()
  const aborter = new AbortController()
  const { signal } = aborter
  const answers = [
    await post('wait', undefined, { signal }),
    await ask(RUN, 'wait', { signal }),
    await ask(RUN, 'wait'),
  ]
  const reading = answers[0]!.text().catch(() => {})
  await answers[2]!.body!.cancel()
  aborter.abort()
  await reading
  nothingIsLeft()
})

test('an engine that fails: before the wait as ever, then the last known state ends it', async () => {
  const away = async (): Promise<never> => {
    throw new EngineError(503, 'Away')
  }
  const { ask, post, nothingIsLeft } = open({ getRun: away })
  assert.equal([(await ask(RUN, 'wait')).status, (await ask(RUN, 'wait')).status], [503, 503])
  assert.is((await dataOf(await post('wait'))).status, 'queued')
  nothingIsLeft()
  assert.is((await open().ask('/api/v1/runs/r2', 'wait')).status, 404)
  assert.is((await open().ask('/api/v1/workflows/x/runs', 'wait', { method: 'POST' })).status, 404)
})

test('an engine without watch is asked each 2 seconds, until it fails', async () => {
  const states = [running, { ...running, progress: 0.75 }]
  const getRun: Engine['getRun'] = async () => {
    const state = states.shift()
    if (!state) throw new Error('away')
    return state
  }
  const { ask } = open({ getRun, ...({ watch: undefined, follow: undefined } as object) })
  const clock = fakeClock()
  try {
    const answer = dataOf(await ask(RUN, 'wait'))
    await clock.tickAsync(2_000)
    assert.is(states.length, 0)
    await clock.tickAsync(2_000)
    assert.is((await answer).progress, 0.75)
    assert.is(clock.countTimers(), 0)
  } finally {
    clock.uninstall()
  }
})

test('the close of the API, or of its server, ends the waits', async () => {
  const { api, ask, nothingIsLeft } = open()
  const closing = new AbortController()
  const answers = [await ask(RUN, 'wait', {}, closing.signal), await ask(RUN, 'wait')]
  closing.abort()
  assert.is((await dataOf(answers[0]!)).status, 'running')
  const after = await ask(RUN, 'wait', {}, closing.signal)
  assert.equal([after.headers.get('x-accel-buffering'), (await dataOf(after)).status], [null, 'running'])
  api.close()
  assert.is((await dataOf(answers[1]!)).status, 'running')
  assert.is((await dataOf(await ask(RUN, 'wait'))).status, 'running')
  nothingIsLeft()
})

test('a server that closes before the first look at the run', async () => {
  const looks: ((run: Run) => void)[] = []
  const { ask, nothingIsLeft } = open({ getRun: () => new Promise((resolve) => void looks.push(resolve)) })
  const closing = new AbortController()
  const answer = ask(RUN, 'wait', {}, closing.signal)
  await until(() => looks.length === 1)
  closing.abort()
  looks[0]!(running)
  assert.is((await dataOf(await answer)).status, 'running')
  nothingIsLeft()
})

for (const graceMs of [0, 30_000]) {
  test(`a server that closes with a grace of ${graceMs} ms answers first`, async () => {
    const { api, told } = open()
    const served = await serve(api)
    const headers = { 'x-api-key': KEY, prefer: 'wait=300' }
    const answers = await Promise.all([1, 2].map(() => fetch(served.url + RUN, { headers })))
    await until(() => told.listeners.size === 2)
    const texts = answers.map((answer) => dataOf(answer))
    await served.close(graceMs)
    for (const data of await Promise.all(texts)) assert.is(data.status, 'running')
    await until(() => told.listeners.size === 0)
    api.close()
  })
}

test('the emulator has it, with its faults and its keys', async () => {
  const emulator = createEmulator({
    speed: 1000,
    faults: {
      plan: ({ operation, number }) =>
        operation === 'runWorkflow' && number === 2 ? 'truncated' : undefined,
    },
  })
  const post = (headers: object = {}) =>
    emulator.fetch(`${emulator.url}/api/v1/workflows/bncu0a1kipv/runs?group_id=g`, {
      method: 'POST',
      headers: { authorization: `Bearer ${emulator.apiKey}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ text_51536: 'a red fox' }),
    })
  try {
    const data = await dataOf(await post({ prefer: 'wait' }))
    assert.equal([data.status, (await emulator.fetch(data.outputs[0].url)).status], ['completed', 200])
    await post().then((answer) => answer.json().then(assert.unreachable, () => {}))
    const once = { 'idempotency-key': 'k' }
    const [first, again] = [await dataOf(await post(once)), await dataOf(await post(once))]
    assert.equal([first.run_id, emulator.stats.runsStarted], [again.run_id, 3])
    assert.equal([emulator.ledger.runs[0]!.groupId, emulator.ledger.faults], ['g', { truncated: 1 }])
  } finally {
    emulator.close()
  }
})
