// The events of a run: over HTTP and in process, in front of an engine that says what the test wants.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { createGateway } from '@flowscale/gateway'
import type { Dialect, Engine, Run } from '@flowscale/gateway/http'
import { type Served, serve } from '@flowscale/gateway/node'
import { EventSource } from 'undici'
import { assert, suite } from '#test'
import { answer } from '../../../../../packages/gateway/src/node/answer.ts'
import { type Came, eventsOf, idsOf } from '../../../../support/eventsOf.ts'
import { fakeClock } from '../../../../support/fakes.ts'
import { heldBytes } from '../../../../support/memory.ts'
import { until } from '../../../../support/until.ts'
import { fakeEngine, run as fakeRun } from '../../fakeEngine.ts'

const test = suite('events of a run')
const KEY = 'a-key'
const EVENTS = '/api/v1/runs/r1/events'
const run: Run = { ...fakeRun, node: undefined, files: [] }
const queued: Run = { ...run, status: 'queued', progress: 0, position: 2 }
const completed: Run = { ...run, status: 'completed', progress: 1, files: ['a.png'] }

/** An engine whose news the test tells. */
interface Told {
  /** How the run stands. */
  now: Run | undefined
  readonly engine: Engine
  /** How often each run was followed and let go. */
  readonly log: string[]
  /** Listeners that are servers' WebSockets. */
  others: number
  /** How many others listen. */
  readonly readers: number
  tell(news: Run): void
}

function telling(own: Partial<Engine> = {}): Told {
  const listeners = new Set<(news: Run) => void>()
  const told: Told = {
    now: run,
    engine: fakeEngine({
      getRun: async (id) => (id === 'r1' ? told.now : undefined),
      watch(listener) {
        const one = (news: Run): void => listener(news)
        listeners.add(one)
        return () => void listeners.delete(one)
      },
      follow(id) {
        told.log.push(`+${id}`)
        return () => void told.log.push(`-${id}`)
      },
      ...own,
    }),
    log: [],
    others: 0,
    get readers() {
      return listeners.size - told.others
    },
    tell(news) {
      told.now = news
      for (const listener of [...listeners]) listener(news)
    },
  }
  return told
}

interface Setup {
  readonly told: Told
  readonly gateway: ReturnType<typeof createGateway>
  readonly served: Served
  ask(path?: string, init?: RequestInit): Promise<Response>
}

const gatewayOf = (told: Told, dialect: Dialect = 'readme') =>
  createGateway({ engine: () => told.engine, workflows: [], apiKey: KEY, dialect })

const TRANSPORTS = ['gateway.fetch', 'http'] as const

let close = async (): Promise<void> => {}
test.after.each(() => close())

async function start(
  transport: (typeof TRANSPORTS)[number],
  { own, dialect }: { own?: Partial<Engine>; dialect?: Dialect } = {},
): Promise<Setup> {
  const told = telling(own)
  const gateway = gatewayOf(told, dialect)
  const served = await serve(gateway)
  told.others = 1
  close = async () => {
    gateway.close()
    await served.close()
  }
  const [call, url] = transport === 'http' ? [fetch, served.url] : [gateway.fetch, gateway.url]
  const ask: Setup['ask'] = (path = EVENTS, init = {}) =>
    call(url + path, { ...init, headers: { 'x-api-key': KEY, ...(init.headers as object) } })
  return { told, gateway, served, ask }
}

const next = async (events: AsyncIterator<Came, void>): Promise<Came> => {
  const { value, done } = await events.next()
  assert.not(done, 'the stream has ended')
  return value!
}

const left = (told: Told): Promise<unknown> => until(() => told.readers === 0)

for (const transport of TRANSPORTS) {
  test(`${transport}: the present state at once, each change in order, and the end`, async () => {
    const { told, ask } = await start(transport)

    told.now = queued
    const answer = await ask()
    assert.is(answer.status, 200)
    const header = (name: string): string | null => answer.headers.get(name)
    assert.is(header('content-type'), 'text/event-stream')
    assert.is(header('cache-control'), 'no-store, no-transform')
    assert.is(header('x-accel-buffering'), 'no')
    assert.is(header('content-length'), null)
    assert.is(header('access-control-allow-origin'), '*')
    assert.ok(header('x-request-id'))
    const events = eventsOf(answer)
    const base = { run_id: 'r1', output_names: [] }
    assert.equal(await next(events), {
      id: 'queued 2',
      data: { ...base, status: 'queued', progress: 0, position: 2 },
    })
    const steps: [Run, Came][] = [
      [
        { ...queued, position: 0 },
        { id: 'queued 0', data: { ...base, status: 'queued', progress: 0, position: 0 } },
      ],
      [
        { ...run, progress: 0, node: 'Loader' },
        { id: 'running 0', data: { ...base, status: 'running', progress: 0, node: 'Loader' } },
      ],
      [
        { ...run, progress: 0.42 },
        { id: 'running 0.42', data: { ...base, status: 'running', progress: 0.42 } },
      ],
      [
        completed,
        { id: 'completed', data: { ...base, status: 'completed', progress: 1, output_names: ['a.png'] } },
      ],
    ]
    let before = queued
    for (const [news, came] of steps) {
      const pending = next(events)
      told.tell({ ...news, id: 'another' })
      // Once more is no change.
      told.tell(before)
      await new Promise((resolve) => setImmediate(resolve))
      told.tell(news)
      assert.equal(await pending, came)
      before = news
    }
    assert.ok((await events.next()).done)
    assert.is(told.readers, 0)
    assert.equal(told.log, ['+r1', '-r1'])
  })

  test(`${transport}: a run that has ended has one event, and nothing listens`, async () => {
    const { told, ask } = await start(transport)

    for (const status of ['completed', 'failed', 'cancelled'] as const) {
      told.now = { ...completed, status }
      assert.equal(await idsOf(eventsOf(await ask())), [status])
      const again = await ask(EVENTS, { headers: { 'last-event-id': status } })
      assert.equal([again.status, await again.text()], [204, ''])
    }
    assert.equal([told.log, told.readers], [[], 0])
  })

  test(`${transport}: whatever state the reader knows, the present one comes first`, async () => {
    const { ask } = await start(transport)

    for (const id of ['queued 3', 'running 0.5', 'running 0.9', 'completed 1', 'nonsense', ''] as const) {
      const events = eventsOf(await ask(EVENTS, { headers: { 'last-event-id': id } }))
      assert.is((await next(events)).id, 'running 0.5')
      await events.return()
    }
  })

  test(`${transport}: a run that is not there is answered as elsewhere`, async () => {
    const { told, ask } = await start(transport)
    const missing = await ask('/api/v1/runs/r2/events', { headers: { 'last-event-id': 'completed' } })
    const known = await ask('/api/v1/runs/r2')
    assert.equal([missing.status, await missing.json()], [404, await known.json()])
    const refused = await ask(EVENTS, { headers: { 'x-api-key': '', 'last-event-id': 'completed' } })
    assert.is(refused.status, 401)
    await refused.text()
    assert.equal([told.log, told.readers], [[], 0])
  })

  test(`${transport}: a reader that leaves leaves nothing behind`, async () => {
    const { told, ask } = await start(transport)

    const aborter = new AbortController()
    const reading = await ask(EVENTS, { signal: aborter.signal })
    const between = await ask(EVENTS, { signal: aborter.signal })
    const [one, two, three] = [eventsOf(reading), eventsOf(between), eventsOf(await ask())]
    for (const events of [one, two, three]) assert.is((await next(events)).id, 'running 0.5')
    assert.is(told.readers, 3)
    const waits = one.next().then(
      () => 'an event',
      (error: Error) => error.name,
    )
    aborter.abort()
    assert.is(await waits, 'AbortError')
    await three.return()
    await left(told)
    assert.equal(told.log.toSorted(), ['+r1', '+r1', '+r1', '-r1', '-r1', '-r1'])
  })

  test(`${transport}: a hundred readers of one run hear all of it`, async () => {
    const { told, ask } = await start(transport)

    const readers = await Promise.all(Array.from({ length: 100 }, async () => eventsOf(await ask())))
    for (const events of readers) assert.is((await next(events)).id, 'running 0.5')
    assert.is(told.readers, 100)
    told.tell({ ...run, progress: 0.75 })
    for (const events of readers) assert.is((await next(events)).id, 'running 0.75')
    told.tell(completed)
    for (const events of readers) assert.equal(await idsOf(events), ['completed'])
    assert.is(told.readers, 0)
    assert.is(told.log.length, 200)
  })

  test(`${transport}: the gateway's close ends what is open`, async () => {
    const { told, gateway, ask } = await start(transport)

    const answers = await Promise.all([ask(), ask()])
    const [one, two] = answers.map(eventsOf)
    await Promise.all([next(one!), next(two!)])
    gateway.close()
    assert.ok((await one!.next()).done)
    assert.ok((await two!.next()).done)
    assert.equal([told.readers, told.log.length], [0, 4])
    // Who comes later still gets the state.
    assert.equal(await idsOf(eventsOf(await ask())), ['running 0.5'])
    assert.is(told.readers, 0)
  })
}

test('the names of outputs are those of the dialect', async () => {
  const { ask } = await start('http', { dialect: 'python' })

  const events = eventsOf(await ask())
  assert.equal((await next(events)).data.output_names, ['image_r1'])
  await events.return()
})

test('a reader hears of its own run only', async () => {
  const watched = new Set<string | undefined>()
  const watch: Engine['watch'] = (_listener, id) => {
    watched.add(id)
    return () => {}
  }
  const { ask } = await start('gateway.fetch', { own: { watch } })
  watched.clear()
  await next(eventsOf(await ask()))
  assert.equal([...watched], ['r1'])
})

test('a change that is heard before the answer is newer than it', async () => {
  const answers: ((now: Run) => void)[] = []
  const getRun: Engine['getRun'] = () => new Promise((resolve) => answers.push(resolve))
  const { told, ask } = await start('gateway.fetch', { own: { getRun } })

  const pending = ask()
  await until(() => answers.length === 1)
  answers[0]!(run)
  const events = eventsOf(await pending)
  const first = next(events)
  await until(() => answers.length === 2)
  told.tell({ ...run, progress: 0.9 })
  answers[1]!(run)
  assert.is((await first).id, 'running 0.9')
  const second = next(events)
  await new Promise((resolve) => setImmediate(resolve))
  told.tell({ ...run, progress: 0.95 })
  assert.is((await second).id, 'running 0.95')
  await events.return()
})

test('what happens between the answer and the first read is not missed', async () => {
  const { told, ask } = await start('gateway.fetch')

  const [one, two] = [await ask(), await ask()]
  told.now = { ...run, progress: 0.6 }
  const events = eventsOf(one)
  assert.is((await next(events)).id, 'running 0.6')
  await events.return()
  told.now = completed
  assert.equal(await idsOf(eventsOf(two)), ['completed'])
})

test('an engine that cannot tell the state at the second look is made up for by the first', async () => {
  let looks = 0
  const getRun: Engine['getRun'] = async () => {
    if (++looks > 1) throw new Error('away')
    return run
  }
  const { told, ask } = await start('gateway.fetch', { own: { getRun } })

  const events = eventsOf(await ask())
  assert.is((await next(events)).id, 'running 0.5')
  told.tell(completed)
  assert.equal(await idsOf(events), ['completed'])
})

test('an engine without watch that cannot tell the state sends no reader back', async () => {
  const late = () => new Promise<Run>((resolve) => setTimeout(() => resolve(queued), 2_500))
  const states = [queued, late, run, 'away', completed]
  const getRun: Engine['getRun'] = async () => {
    const state = states.shift()
    if (typeof state === 'string') throw new Error(state)
    return typeof state === 'function' ? await state() : state
  }
  const own = { getRun, ...({ watch: undefined, follow: undefined } as object) }
  const gateway = gatewayOf(telling(own))
  const clock = fakeClock()
  try {
    const answer = await gateway.fetch(gateway.url + EVENTS, { headers: { 'x-api-key': KEY } })
    const ids = idsOf(eventsOf(answer))
    await clock.tickAsync(12_000)
    assert.equal([await ids, states], [['queued 2', 'running 0.5', 'completed'], []])
  } finally {
    clock.uninstall()
    gateway.close()
  }
})

test('a run that is forgotten has no more events', async () => {
  const { told, ask } = await start('gateway.fetch')

  const answer = await ask()
  told.now = undefined
  assert.equal(await idsOf(eventsOf(answer)), [])
  assert.equal([told.readers, told.log], [0, ['+r1', '-r1']])
})

test('an answer that nobody reads leaves nothing behind', async () => {
  const { told, gateway, ask } = await start('gateway.fetch')

  await ask()
  const aborter = new AbortController()
  const { signal } = aborter
  const answer = await gateway.handle(
    new Request(gateway.url + EVENTS, { headers: { 'x-api-key': KEY }, signal }),
  )
  aborter.abort()
  assert.equal([told.readers, told.log], [0, []])
  assert.equal(await idsOf(eventsOf(answer)), ['running 0.5'])
  assert.equal([told.readers, told.log], [0, []])
})

test('the signal of the request ends a stream, for servers of your own', async () => {
  const { told, gateway } = await start('gateway.fetch')

  const aborter = new AbortController()
  const headers = { 'x-api-key': KEY }
  const request = new Request(gateway.url + EVENTS, { headers, signal: aborter.signal })
  const events = eventsOf(await gateway.handle(request))
  assert.is((await next(events)).id, 'running 0.5')
  aborter.abort()
  assert.equal([told.readers, told.log], [0, ['+r1', '-r1']])
  assert.equal(await idsOf(events), [])
})

test('a reader that is slow gets the newest state, and the end', async () => {
  const { told, ask } = await start('gateway.fetch')

  const events = eventsOf(await ask())
  assert.is((await next(events)).id, 'running 0.5')
  for (let i = 51; i <= 90; i++) told.tell({ ...run, progress: i / 100 })
  assert.is((await next(events)).id, 'running 0.9')
  // Back where it was: there is nothing to tell.
  told.tell({ ...run, progress: 0.95 })
  told.tell({ ...run, progress: 0.9 })
  told.tell({ ...run, progress: 0.96 })
  told.tell(completed)
  // An end is never undone.
  told.tell({ ...run, progress: 0.97 })
  assert.equal(await idsOf(events), ['completed'])
})

test('an end is never undone, by an engine that goes on telling either', async () => {
  const tell: ((news: Run) => void)[] = []
  const watch: Engine['watch'] = (listener) => {
    tell.push(listener)
    return () => {}
  }
  const { ask } = await start('gateway.fetch', { own: { watch } })

  const events = eventsOf(await ask())
  await next(events)
  for (const news of [completed, run]) for (const listener of tell) listener(news)
  assert.equal(await idsOf(events), ['completed'])
})

test('a reader that never reads its socket costs one state', async () => {
  const { told, served } = await start('http')

  const deaf = connect(Number(new URL(served.url).port), '127.0.0.1').pause()
  deaf.on('error', () => {})
  deaf.write(`GET ${EVENTS} HTTP/1.1\r\nHost: x\r\nX-API-KEY: ${KEY}\r\n\r\n`)
  await until(() => told.readers === 1)
  // More than what sockets and streams hold, so that most of it has to be passed over.
  const node = 'x'.repeat(100_000)
  let made = 0
  for (; made < 500; made++) {
    told.tell({ ...run, progress: made / 1000, node })
    await new Promise((resolve) => setImmediate(resolve))
  }
  told.tell(completed)
  let got = ''
  deaf.on('data', (piece) => {
    got += piece
  })
  deaf.resume()
  await until(() => got.endsWith('0\r\n\r\n'))
  const ids = [...got.matchAll(/^id: (.*)$/gm)].map(([, id]) => id)
  assert.ok(ids.length < made, `${ids.length} of ${made}`)
  assert.is(ids.at(-1), 'completed')
  deaf.destroy()
  assert.is(told.readers, 0)
})

test('a comment each 15 seconds of silence, and no timer after the end', async () => {
  const told = telling()
  const gateway = gatewayOf(told)
  const clock = fakeClock()
  try {
    const answer = await gateway.fetch(gateway.url + EVENTS, { headers: { 'x-api-key': KEY } })
    const events = eventsOf(answer)
    assert.is((await next(events)).id, 'running 0.5')
    for (let i = 0; i < 3; i++) {
      const ping = next(events)
      await clock.tickAsync(14_999)
      assert.is(clock.countTimers(), 1)
      await clock.tickAsync(1)
      assert.equal(await ping, { comment: 'ping' })
    }
    // News counts as a sign of life.
    let pending = next(events)
    await clock.tickAsync(10_000)
    told.tell({ ...run, progress: 0.6 })
    assert.is((await pending).id, 'running 0.6')
    pending = next(events)
    await clock.tickAsync(14_999)
    told.tell({ ...run, progress: 0.7 })
    assert.is((await pending).id, 'running 0.7')
    const end = idsOf(events)
    await clock.tickAsync(1)
    told.tell(completed)
    assert.equal(await end, ['completed'])
    assert.is(clock.countTimers(), 0)

    told.now = run
    const another = eventsOf(await gateway.fetch(gateway.url + EVENTS, { headers: { 'x-api-key': KEY } }))
    await next(another)
    const rest = idsOf(another)
    await clock.tickAsync(0)
    assert.is(clock.countTimers(), 1)
    gateway.close()
    assert.equal(await rest, [])
    assert.is(clock.countTimers(), 0)
  } finally {
    clock.uninstall()
    gateway.close()
  }
})

test('the end of the server breaks streams off, and nothing stays', async () => {
  const { told, served, ask } = await start('http')

  const events = eventsOf(await ask())
  await next(events)
  const broken = events.next().then(
    () => '',
    (error: Error) => error.message,
  )
  await served.close()
  told.others = 0
  assert.is(await broken, 'terminated')
  await left(told)
  assert.equal(told.log, ['+r1', '-r1'])
})

test('a long stream holds nothing of what it has sent', async () => {
  const held: number[] = []
  let sent = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent % 30_000 === 10_000) held.push(heldBytes())
        if (sent++ < 40_000) controller.enqueue(new TextEncoder().encode(': ping\n\n'))
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const stream = new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  const server = createServer((incoming, outgoing) => {
    void answer(async () => stream, incoming, outgoing, 'http://x.test', { filesUrl: '' })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const { body: pieces } = await fetch(`http://127.0.0.1:${port}/`)
  for await (const _ of pieces as unknown as AsyncIterable<Uint8Array>);
  server.close()
  const grown = held[1]! - held[0]!
  assert.ok(grown < 3_000_000, `${grown} bytes`)
})

test('a reader whose connection is cut is gone at once', async () => {
  const { told, served } = await start('http')

  const reader = connect(Number(new URL(served.url).port), '127.0.0.1')
  reader.write(`GET ${EVENTS} HTTP/1.1\r\nHost: x\r\nX-API-KEY: ${KEY}\r\n\r\n`)
  let got = ''
  reader.on('data', (piece) => {
    got += piece
  })
  await until(() => got.includes('id: running 0.5\n'))
  reader.resetAndDestroy()
  await once(reader, 'close')
  await left(told)
  assert.equal(told.log, ['+r1', '-r1'])
})

test('an EventSource reads it, comes again after a restart, and stops at the end', async () => {
  const told = telling()
  // An EventSource sends no headers of ours.
  const start = (port: number): Promise<Served> =>
    serve(createGateway({ engine: () => told.engine, workflows: [], apiKey: null }), { port })
  told.others = 1
  let served = await start(0)
  // Undici says that its class is experimental, and a warning fails the file.
  const { emitWarning } = process
  process.emitWarning = () => {}
  const source = new EventSource(served.url + EVENTS)
  process.emitWarning = emitWarning
  try {
    const ids: string[] = []
    source.onmessage = ({ lastEventId, data }: any) => {
      assert.is(JSON.parse(data).run_id, 'r1')
      ids.push(lastEventId)
    }
    const has = (id: string) =>
      until(
        () => ids,
        () => ids.at(-1) === id,
      )
    await has('running 0.5')
    told.tell({ ...run, progress: 0.6 })
    await has('running 0.6')
    await served.close()
    told.others = 0
    await left(told)
    told.now = { ...run, progress: 0.8 }
    served = await start(Number(new URL(served.url).port))
    told.others = 1
    await has('running 0.8')
    told.tell(completed)
    await has('completed')
    await until(() => source.readyState === EventSource.CLOSED)
    assert.equal(ids, ['running 0.5', 'running 0.6', 'running 0.8', 'completed'])
    assert.is(told.readers, 0)
  } finally {
    source.close()
    await served.close()
  }
})
