import { waitForRun } from '@flowscale/client/poller'
import { assert } from '#test'
import { recorder } from '../../../support/fakes.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { everySecond } from '../poller/kit.ts'
import { events, scene } from './kit.ts'

const test = suiteWithClock('servers and runtimes without events')
const silent = () => {}
/** As React Native answers: a response without a body that can be read as it comes. */
const withoutBody = () => {
  const response = new Response('data: {}\n\n', { headers: events })
  return Object.defineProperty(response, 'body', { value: undefined })
}
/** As browsers answer a redirect that is not followed. */
const opaque = () => Object.defineProperty(new Response(null, { status: 299 }), 'status', { value: 0 })

for (const [name, answer] of [
  ['403', () => new Response('{}', { status: 403 })],
  ['405', () => new Response('{}', { status: 405 })],
  ['501', () => new Response('{}', { status: 501 })],
  ['a redirect', () => new Response(null, { status: 307, headers: { location: 'http://other.test/' } })],
  ['a redirect in a browser', () => Object.defineProperty(opaque(), 'ok', { value: false })],
  ['a page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
  ['an answer without a type', () => new Response(new Uint8Array(3))],
  ['nothing', () => new Response(null, { status: 204 })],
  ['a response without a stream', withoutBody],
] as const) {
  test(`${name}: polls, one request, one warning`, async ({ clock }) => {
    const logger = recorder()
    const { client, connection, server, opened, polls, states } = scene(clock, {}, logger)
    server.answer = answer
    const waits = ['a', 'b', 'c', 'd'].map((runId) =>
      waitForRun(client, runId, { ...everySecond, push: connection }),
    )
    await clock.tickAsync(3000)
    // Those of the first three places had gone off together.
    assert.is(opened.length, 3)
    assert.equal(polls('d'), [0, 1000, 2000, 3000])
    for (const runId of ['a', 'b', 'c', 'd']) states[runId] = 'completed'
    await clock.tickAsync(1000)
    await Promise.all(waits)
    connection.watch('e', silent)
    await clock.tickAsync(600_000)
    assert.is(opened.length, 3)
    const warnings = logger.lines.filter(({ level }) => level !== 'debug')
    assert.equal(
      warnings.map(({ level, message }) => [level, message]),
      [['warn', 'The server has no events of runs: polling']],
    )
  })
}

test('404 may mean that a run is not known yet; four in a row: there are no events', async ({ clock }) => {
  Math.random = () => 0.5
  const logger = recorder()
  const { connection, server, opened } = scene(clock, {}, logger)
  server.answer = () => new Response('{}', { status: 404 })
  connection.watch('a', silent)
  await clock.tickAsync(600_000)
  assert.equal(opened, [0, 1500, 3500, 6500])
  assert.is(logger.lines.filter(({ level }) => level === 'warn').length, 1)
})

test('a server that knew no run at first, or sent events before, is not given up', async ({ clock }) => {
  const logger = recorder()
  const { connection, server, streams, opened } = scene(clock, {}, logger)
  const missing = () => new Response('{}', { status: 404 })
  server.answer = missing
  connection.watch('a', silent)
  await clock.tickAsync(1000)
  server.answer = undefined
  await clock.tickAsync(10_000)
  streams[0]!.tell('running')
  for (const answer of [missing, withoutBody, () => new Response('{}', { status: 403 })]) {
    server.answer = answer
    connection.watch(`${answer}`, silent)
    const before = opened.length
    await clock.tickAsync(200_000)
    assert.ok(opened.length > before + 4)
  }
  assert.is(logger.lines.filter(({ level }) => level !== 'debug').length, 0)
  connection.close()
})

test('answers that never come are given up after some', async ({ clock }) => {
  const logger = recorder()
  const { client, connection, server, opened, polls } = scene(clock, {}, logger)
  server.answer = () => new Promise(() => {})
  connection.watch('a', silent)
  await clock.tickAsync(client.timeoutMs * 6)
  assert.is(opened.length, 4)
  assert.is(logger.lines.length, 1)
  assert.equal(polls('a'), [])
})

test('a logger that throws or rejects breaks nothing', async ({ clock }) => {
  const broken = recorder()
  for (const warn of [
    () => {
      throw new Error('no log')
    },
    () => Promise.reject(new Error('no log')),
  ]) {
    const { connection, server, opened } = scene(clock, {}, { ...broken, warn })
    server.answer = () => new Response('{}', { status: 405 })
    connection.watch('a', silent)
    await clock.tickAsync(60_000)
    assert.is(opened.length, 1)
  }
})

test('headers that throw are asked for again; the server is not given up for them', async ({ clock }) => {
  const logger = recorder()
  const faults = [new Error('no token'), undefined, null, 'no token', { status: 0 }]
  const headers = async () => {
    if (faults.length) throw faults.pop()
    return { 'x-token': 'a' }
  }
  const { connection, streams } = scene(clock, {}, logger, headers)
  connection.watch('a', silent)
  await clock.tickAsync(300_000)
  assert.is(streams[0]?.headers.get('x-token'), 'a')
  connection.close()
  await clock.tickAsync(0)
  assert.is(clock.countTimers(), 0)
  assert.is(logger.lines.filter(({ level }) => level !== 'debug').length, 0)
})
