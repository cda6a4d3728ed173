import { assert, suite } from '#test'
import type { Outcome } from '../../../../packages/gateway/src/queue/deliveries.ts'
import { judge } from '../../../../packages/gateway/src/webhooks/schedule.ts'

const test = suite('the schedule of a webhook')
const failed = { error: 'The request failed (ECONNREFUSED)' }
const hour = 3_600_000

/** The pause, or the end. */
function after(outcome: Outcome, attempts: number, random = 0): number | string {
  const judged = judge(outcome, attempts, () => random)
  return judged.status === 'pending' ? judged.afterMs : judged.status
}

test('pauses grow from 5 s to a day, with jitter, and the ninth failure is the last', () => {
  const pauses = [5000, 60_000, 300_000, hour / 2, 2 * hour, 6 * hour, 12 * hour, 24 * hour]
  for (const [index, ms] of pauses.entries())
    assert.equal([after(failed, index + 1), after(failed, index + 1, 1)], [ms, ms * 1.2])
  assert.is(after(failed, 9), 'failed')
})

test('only 2xx is a success, and 410 is the end', () => {
  for (const status of [200, 202, 204, 299])
    for (const attempts of [1, 9]) assert.is(after({ status }, attempts), 'delivered')
  for (const status of [0, 199, 301, 307, 400, 404, 429, 500]) assert.is(after({ status }, 1), 5000)
  assert.is(after({ status: 410 }, 1), 'failed')
})

test('Retry-After makes a pause longer, up to two hours, and never shorter', () => {
  const asked = (retryAfterMs: number, attempts: number) => after({ status: 503, retryAfterMs }, attempts)
  assert.equal([asked(90_000, 1), asked(1000, 1), asked(5000, 4)], [90_000, 5000, hour / 2])
  assert.is(asked(30 * 24 * hour, 1), 2 * hour)
})
