import type { Clock } from '@sinonjs/fake-timers'
import fc from 'fast-check'
import { assert } from '#test'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { scene } from './kit.ts'

const test = suiteWithClock('what comes in events')
const bytes = (text: string) => new TextEncoder().encode(text)

/** What a watch of the run `a` is given for a stream that comes in these pieces. */
async function heard(clock: Clock, pieces: Uint8Array<ArrayBuffer>[]) {
  const { connection, streams } = scene(clock)
  const seen: unknown[] = []
  connection.watch('a', (update) => seen.push(update))
  await clock.tickAsync(0)
  for (const piece of pieces) streams[0]!.send(piece)
  await clock.tickAsync(0)
  const { connected } = connection
  // With what it is given for the end of it all.
  connection.close()
  await clock.tickAsync(0)
  return { seen: seen.slice(0, -1), connected }
}

function cut(whole: Uint8Array, places: number[]) {
  const at = places.map((place) => place % (whole.length + 1)).sort((a, b) => a - b)
  return [0, ...at].map((from, index) => whole.slice(from, at[index] ?? whole.length))
}

const update = (status: string | undefined, progress?: number, position?: number, node?: string) => ({
  status,
  progress,
  position,
  node,
})

for (const [name, text, expected] of [
  ['LF', 'id: x\ndata: {"run_id":"a","status":"queued","position":3}\n\n', [update('queued', undefined, 3)]],
  ['CRLF', 'id: x\r\ndata: {"run_id":"a","status":"queued"}\r\n\r\n', [update('queued')]],
  ['CR', 'id: x\rdata: {"run_id":"a","status":"queued"}\r\r', [update('queued')]],
  ['a byte order mark', '\uFEFFdata: {"run_id":"a","status":"queued"}\n\n', [update('queued')]],
  ['no space', 'data:{"run_id":"a","status":"queued"}\n\n', [update('queued')]],
  ['data of many lines', 'data: {"run_id":"a",\ndata: "status":\ndata:"queued"}\n\n', [update('queued')]],
  ['comments', ': ping\n\n:\n\ndata: {"run_id":"a","status":"queued"}\n: more\n\n', [update('queued')]],
  ['blank lines', '\n\n\n\ndata: {"run_id":"a","status":"queued"}\n\n\n\n', [update('queued')]],
  ['other fields', 'event: x\ndatabase: 1\nretry: 1\ndata: {"run_id":"a"}\n\n', [update(undefined)]],
  [
    'separators of Unicode',
    'data: {"run_id":"a","status":"queued","x":"\u2028data:\u2029"}\n\n',
    [update('queued')],
  ],
  ['letters of many bytes', 'data: {"run_id":"a","status":"queued","x":"äß🦊"}\n\n', [update('queued')]],
  [
    'the node at work',
    'data: {"run_id":"a","status":"running","node":"KSampler"}\n\n',
    [update('running', undefined, undefined, 'KSampler')],
  ],
  ['other runs', 'data: {"run_id":"b","status":"completed"}\n\ndata: {"status":"failed"}\n\n', []],
  ['what is no JSON', 'data: {"run_id":\n\ndata: oops\n\ndata\n\ndata: null\n\ndata: [1]\n\ndata: 7\n\n', []],
  ['an event that does not end', 'data: {"run_id":"a","status":"completed"}\n', []],
  [
    'values of wrong types',
    'data: {"run_id":"a","status":{"a":1},"progress":"x","position":"3"}\n\ndata: {"run_id":"a","status":["completed"]}\n\n',
    [update(undefined), update(undefined)],
  ],
] as const) {
  test(`${name}: the same however it is cut`, async ({ clock }) => {
    const whole = bytes(text)
    assert.equal((await heard(clock, [whole])).seen, expected)
    assert.equal((await heard(clock, cut(whole, [...whole.keys()]))).seen, expected, 'byte by byte')
    for (const place of whole.keys()) {
      assert.equal((await heard(clock, cut(whole, [place]))).seen, expected, `cut at ${place}`)
    }
  })
}

test('any events, in any pieces', async ({ clock }) => {
  const part = fc.oneof(
    fc.constantFrom(
      '\n',
      '\r\n',
      '\r',
      '\n\n',
      '\r\n\r\n',
      '\r\r',
      'data:',
      'data: ',
      ': ping',
      'id: 1',
      '\uFEFF',
    ),
    fc.record({ run_id: fc.constantFrom('a', 'b'), progress: fc.double(), x: fc.string() }).map((data) => {
      return `data: ${JSON.stringify(data)}\n\n`
    }),
    fc.string({ unit: 'binary' }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 20 }).map((parts) => bytes(parts.join(''))),
      fc.array(fc.nat(1000), { maxLength: 12 }),
      async (whole, places) => {
        assert.equal(await heard(clock, cut(whole, places)), await heard(clock, [whole]))
      },
    ),
    { numRuns: 300 },
  )
})

test('an event that does not end is not kept, and what comes after it is read', async ({ clock }) => {
  const long = bytes(`data: {"run_id":"a","status":"completed","x":"${'x'.repeat(70_000)}"}\n\n`)
  const pieces = cut(
    long,
    Array.from({ length: 70 }, (_, index) => index * 1000),
  )
  const next = bytes('data: {"run_id":"a","status":"running"}\n\n')
  assert.equal(await heard(clock, [...pieces, next]), { seen: [update('running')], connected: true })
})

test('an older or later event undoes no end', async ({ clock }) => {
  const { connection, streams } = scene(clock)
  const seen: unknown[] = []
  connection.watch('a', ({ status }) => status && seen.push(status))
  await clock.tickAsync(0)
  for (const status of ['running', 'completed', 'running', 'failed']) streams[0]!.tell(status)
  await clock.tickAsync(60_000)
  assert.equal(seen, ['running', 'completed'])
  assert.is(streams.length, 1)
  assert.is(connection.connected, false)
})
