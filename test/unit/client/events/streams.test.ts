import { createRunWatcher, waitForRun } from '@flowscale/client/poller'
import { assert } from '#test'
import { pluck } from '../../../support/pluck.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { everySecond } from '../poller/kit.ts'
import { scene } from './kit.ts'

const test = suiteWithClock('streams of events')
const silent = () => {}

test('a wait shows progress by events, asks at the end at once, and leaves nothing', async ({ clock }) => {
  const { client, connection, streams, open, polls, states } = scene(clock)
  const seen: unknown[] = []
  const wait = waitForRun(client, 'a', {
    ...everySecond,
    push: connection,
    onProgress: ({ progress }) => seen.push(progress),
  })
  await clock.tickAsync(0)
  assert.is(connection.connected, false, 'nothing came yet')
  streams[0]!.tell('running', { progress: 0.2 })
  await clock.tickAsync(500)
  streams[0]!.tell('running', { progress: 0.6 })
  await clock.tickAsync(500)
  assert.is(connection.connected, true)
  assert.equal(seen, [undefined, 0.2, 0.6])
  // The first state is news; progress is none.
  assert.equal(polls('a'), [0, 0])
  states.a = 'completed'
  streams[0]!.tell('completed')
  streams[0]!.tell('running', { progress: 0.1 })
  assert.is((await wait).status, 'completed')
  assert.equal(polls('a'), [0, 0, 1000])
  assert.is(seen.at(-1), 1)
  assert.equal(open(), [])
  assert.is(connection.connected, false)
})

test('no more streams than places; a run that ends gives its place to the next', async ({ clock }) => {
  const { client, connection, streams, open, polls, states } = scene(clock, { maxStreams: 2 })
  const control = new AbortController()
  const waits = ['a', 'b', 'c', 'd'].map((runId) =>
    waitForRun(client, runId, {
      ...everySecond,
      push: connection,
      ...(runId === 'b' && { signal: control.signal }),
    }).catch((error) => error),
  )
  await clock.tickAsync(0)
  assert.equal(open(), ['a', 'b'])
  for (const stream of streams) stream.tell('running')
  await clock.tickAsync(10_000)
  assert.equal(polls('c').slice(0, 5), [0, 1000, 2000, 3000, 4000], 'polled as ever')
  assert.ok(polls('a').length < 6, 'polled rarely')
  states.a = 'completed'
  streams[0]!.tell('completed')
  await clock.tickAsync(0)
  assert.equal(open(), ['b', 'c'])
  control.abort('enough')
  await clock.tickAsync(0)
  assert.equal(open(), ['c', 'd'])
  Object.assign(states, { c: 'completed', d: 'completed' })
  await clock.tickAsync(1000)
  assert.equal(
    (await Promise.all(waits)).map((result) => result.status ?? result),
    ['completed', 'enough', 'completed', 'completed'],
  )
  assert.equal(open(), [])
})

test('waits for one run share its stream; the stream stays until the last one is over', async ({ clock }) => {
  const { connection, streams, open } = scene(clock)
  const watches = [1, 2].map(() => connection.watch('a', silent))
  await clock.tickAsync(0)
  watches[0]!.stop()
  await clock.tickAsync(0)
  assert.is(streams.length, 1)
  assert.is(streams[0]!.isOver, false)
  watches[1]!.stop()
  await clock.tickAsync(0)
  assert.is(streams[0]!.isOver, true)
  // A run that is wanted again has a stream of its own.
  connection.watch('a', silent).stop()
  connection.watch('a', silent)
  await clock.tickAsync(0)
  assert.equal(open(), ['a'])
  connection.close()
  await clock.tickAsync(0)
  assert.equal(open(), [])
})

test('a stream that breaks in a long pause: the wait asks at once, and it comes back', async ({ clock }) => {
  Math.random = () => 0.5
  const { client, connection, server, streams, opened, polls, states } = scene(clock)
  const wait = waitForRun(client, 'a', { ...everySecond, push: connection, timeoutMs: 600_000 })
  await clock.tickAsync(0)
  streams[0]!.tell('running')
  for (let ms = 0; ms < 70_000; ms += 10_000) {
    await clock.tickAsync(10_000)
    streams[0]!.send(': ping\n\n')
  }
  assert.is(polls('a').at(-1), 60_000)
  server.answer = () => new Response('', { status: 503 })
  streams[0]!.break()
  await clock.tickAsync(4000)
  assert.equal(polls('a').slice(-5), [70_000, 71_000, 72_000, 73_000, 74_000])
  assert.equal(opened.slice(1), [71_500, 73_500], 'again after a while that grows')
  server.answer = undefined
  await clock.tickAsync(3000)
  assert.is(streams.length, 2)
  streams[1]!.tell('running')
  await clock.tickAsync(10_000)
  assert.ok(polls('a').length < 20, 'rarely again')
  server.answer = () => new Response('', { status: 503 })
  streams[1]!.end()
  states.a = 'completed'
  await clock.tickAsync(0)
  assert.is((await wait).status, 'completed', 'one that ends in order is a loss, too')
})

for (const [name, answer] of [
  [
    'ends each stream at once',
    () => new Response(': ping\n\n', { headers: { 'content-type': 'text/event-stream' } }),
  ],
  ['fails', () => new Response('', { status: 502 })],
  ['can not be reached', () => Promise.reject(new TypeError('fetch failed'))],
  ['refuses the key', () => new Response('', { status: 401 })],
] as const) {
  test(`a server that ${name} is not stormed, and not given up`, async ({ clock }) => {
    Math.random = () => 0.5
    const { connection, server, opened, streams } = scene(clock)
    server.answer = answer
    connection.watch('a', silent)
    await clock.tickAsync(300_000)
    assert.equal(opened.slice(0, 5), [0, 1500, 3500, 6500, 11_500])
    assert.is(opened.at(-1)! - opened.at(-2)!, 16_000, 'half of 30 s, and a second')
    server.answer = undefined
    await clock.tickAsync(31_000)
    assert.is(streams.length, 1)
    connection.close()
    await clock.tickAsync(0)
  })
}

test('a stream that ends in order after a while is opened again soon, each time', async ({ clock }) => {
  Math.random = () => 0.5
  const { connection, streams } = scene(clock)
  connection.watch('a', silent)
  for (let turn = 0; turn < 5; turn++) {
    await clock.tickAsync(0)
    streams[turn]!.tell('running')
    await clock.tickAsync(10_000)
    streams[turn]!.end()
    await clock.tickAsync(1500)
  }
  assert.equal(pluck(streams, 'at'), [0, 11_500, 23_000, 34_500, 46_000, 57_500])
  connection.close()
})

test('Retry-After is honoured', async ({ clock }) => {
  const { connection, server, opened } = scene(clock)
  server.answer = () => new Response('', { status: 429, headers: { 'retry-after': '20' } })
  connection.watch('a', silent)
  await clock.tickAsync(20_999)
  assert.equal(opened, [0])
  await clock.tickAsync(1001)
  assert.is(opened.length, 2)
  connection.close()
})

test('a stream that is silent for 45 s is opened anew; comments are signs of life', async ({ clock }) => {
  Math.random = () => 0.5
  const { connection, streams } = scene(clock)
  connection.watch('a', silent)
  await clock.tickAsync(0)
  streams[0]!.tell('running')
  await clock.tickAsync(44_000)
  streams[0]!.send(': ping\n\n')
  await clock.tickAsync(44_000)
  assert.is(connection.connected, true)
  await clock.tickAsync(1000)
  assert.is(connection.connected, false)
  assert.is(streams[0]!.isOver, true)
  await clock.tickAsync(1500)
  assert.is(streams.length, 2)
  connection.close()
  await clock.tickAsync(0)
})

test('close ends all streams, wakes the waits, and opens none any more', async ({ clock }) => {
  const { client, connection, streams, polls, states, open } = scene(clock)
  const wait = waitForRun(client, 'a', { push: connection })
  await clock.tickAsync(0)
  streams[0]!.tell('running')
  await clock.tickAsync(20_000)
  const before = polls('a').length
  connection.close()
  assert.is(connection.connected, false)
  connection.close()
  await clock.tickAsync(0)
  assert.is(polls('a').length, before + 1)
  assert.equal(open(), [])
  states.a = 'completed'
  await clock.tickAsync(1000)
  await wait
  states.b = 'completed'
  await waitForRun(client, 'b', { push: connection })
  assert.is(streams.length, 1)
})

test('a watcher polls for the runs without a stream, and hardly for the others', async ({ clock }) => {
  const { client, connection, streams, polled, states } = scene(clock, { maxStreams: 2 })
  const ids = ['a', 'b', 'c', 'd', 'e']
  for (const id of ids) states[id] = 'running'
  const watcher = createRunWatcher(client, { push: connection })
  const ended: string[] = []
  const waits = ids.map((id) => watcher.wait(id).then(({ _id }) => ended.push(_id)))
  await clock.tickAsync(10)
  for (const stream of streams) stream.tell('running')
  await clock.tickAsync(20_000)
  assert.ok(polled.length >= 20, 'a list each second')
  for (const id of ['c', 'd', 'e']) {
    states[id] = 'completed'
    await clock.tickAsync(1500)
    assert.is(ended.at(-1), id, 'no event told of it')
  }
  const goOn = async (ms: number) => {
    for (const end = clock.now + ms; clock.now < end; await clock.tickAsync(10_000)) {
      for (const stream of streams) stream.send(': ping\n\n')
    }
  }
  await goOn(30_000)
  const before = polled.length
  await goOn(60_000)
  assert.ok(polled.length - before <= 6, `${polled.length - before} requests for runs with a stream`)
  streams[0]!.break()
  states.a = 'completed'
  await clock.tickAsync(1500)
  assert.is(ended.at(-1), 'a', 'no event told of it')
  states.b = 'completed'
  streams[1]!.tell('completed')
  await clock.tickAsync(100)
  assert.is(ended.at(-1), 'b')
  await Promise.all(waits)
  watcher.close()
})

test('a wrong option is an error at once; 0 places are legal', async ({ clock }) => {
  const { client, connection, opened } = scene(clock, { maxStreams: 0 })
  connection.watch('a', silent)
  await clock.tickAsync(60_000)
  assert.equal(opened, [])
  const { connectEvents } = await import('@flowscale/client/events')
  for (const options of [{ maxStreams: -1 }, { maxStreams: 1.5 }, { maxStreams: '3' }, { streams: 1 }]) {
    assert.throws(
      () => connectEvents(client, options as never),
      ({ code }: any) => code === 'ERR_FLOWSCALE_ARGUMENT',
    )
  }
  assert.throws(() => connectEvents({ ...client } as never), /^client must be /)
})
