// What a browser does by itself, and what helps: a POST over a connection that was used before, which is reset before the
// first byte of the answer.
import { assert, suite } from '#test'
import { rowOf } from '../runtimes/rows.ts'
import { assertOnce, assertPromised, countResends } from './resends/countResends.ts'

const test = suite('POSTs that Chromium sends again')
const chromium = rowOf('Chromium')

test('one connection is reset: the caller gets a second run, and finds the first by its group', async () => {
  const resends = await countResends(chromium, 1, 1)
  assertPromised(resends)
  console.log(`[show] Chromium, one connection reset: ${resends.posts} POSTs of one fetch`)
  // What docs/guarantees.md says of it. None would be good news, to be told there.
  assert.ok(resends.posts > 1)
})

test('all six connections are reset, and a new one: many runs of one call, mostly seven, all found by its group', async () => {
  const resends = await countResends(chromium, 6, Number.POSITIVE_INFINITY)
  assertPromised(resends)
  console.log(`[show] Chromium, seven connections reset: ${resends.posts} POSTs of one fetch`)
  assert.ok(resends.posts > 2)
})

test('with keys, the same resets give one run', async () => {
  for (const [open, resets] of [
    [1, 1],
    [6, 7],
  ] as const) {
    const resends = await countResends(chromium, open, resets, true)
    assertOnce(resends)
    console.log(`[show] Chromium, with keys: ${resends.posts} POSTs of ${resends.fetches} fetches, one run`)
  }
})
