// What the figures are made of.
import { assert, suite } from '#test'
import { median, quantile, ratio } from '../../../scripts/bench/figure.ts'

const test = suite('bench')

test('quantiles lie between their neighbours', () => {
  assert.is(median([3, 1, 2]), 2)
  assert.is(median([4, 1, 2, 3]), 2.5)
  assert.is(quantile([0, 10], 0.99), 9.9)
  assert.is(quantile([7], 0.5), 7)
})

test('a ratio is the median of the pairs, inside its interval', () => {
  const floor = Array.from({ length: 101 }, (_, index) => 1 + (index % 7))
  const own = floor.map((value, index) => value * (1 + (index - 50) / 1000))
  const { value, interval } = ratio(own, floor)
  assert.is(value, 1)
  // Ranks 40 and 60 of 101: a binomial has 95 % between them.
  assert.ok(interval[0] >= 0.989 && interval[0] < 1, `${interval}`)
  assert.ok(interval[1] <= 1.011 && interval[1] > 1, `${interval}`)
})
