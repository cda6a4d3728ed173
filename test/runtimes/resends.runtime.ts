// As in Chromium (test/browser/resends.browser.ts), a POST over a connection that was used before, which is reset before
// the first byte of the answer.
import { assert, suite } from '#test'
import { assertOnce, assertPromised, countResends } from '../browser/resends/countResends.ts'
import { rowOf } from './rows.ts'

const test = suite('POSTs that Firefox sends again')

test('at least once; all runs are found by their group', async () => {
  const resends = await countResends(rowOf('Firefox'), 6, Number.POSITIVE_INFINITY)
  assertPromised(resends)
  console.log(`[show] Firefox, all connections reset: ${resends.posts} POSTs of one fetch`)
  // Mostly once, seldom twice. None would be good news, to be told in docs/guarantees.md.
  assert.ok(resends.posts > 1)
})

test('with keys, Firefox gets one run', async () => {
  const resends = await countResends(rowOf('Firefox'), 6, 3, true)
  assertOnce(resends)
  console.log(`[show] Firefox, with keys: ${resends.posts} POSTs of ${resends.fetches} fetches, one run`)
})
