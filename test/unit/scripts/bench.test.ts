// What the figures are made of.
import { assert, suite } from '#test'
import { compare, describe, quantile } from '../../../scripts/bench/figure.ts'
import { repeat, takeTurns } from '../../../scripts/bench/measure.mjs'

const test = suite('bench')

test('quantiles lie between their neighbours', () => {
  assert.is(quantile([3, 1, 2], 0.5), 2)
  assert.is(quantile([4, 1, 2, 3], 0.5), 2.5)
  assert.is(quantile([0, 10], 0.99), 9.9)
  assert.is(quantile([7], 0.5), 7)
})

test('a ratio is the median of the rounds, inside its interval', () => {
  const floor = Array.from({ length: 101 }, (_, index) => 1 + (index % 7))
  const own = floor.map((value, index) => value * (1 + (index - 50) / 100))
  // The ranks 41 and 61 of 101: a binomial has 95 % between them.
  assert.equal(compare(own, floor), { ratio: 1, interval: [0.9, 1.1], is: 'equal' })
  // Rounds without one of them do not count.
  assert.equal(compare([1, null, 3], [2, 2, null]), { ratio: 0.5, is: 'better' })
  // Six rounds, all on one side, are the fewest that show something.
  assert.equal(compare([5, 6, 7, 8, 9, 10], Array(6).fill(4)), {
    ratio: 1.88,
    interval: [1.25, 2.5],
    is: 'worse',
  })
  assert.is(compare(Array(5).fill(5), Array(5).fill(4)).interval, undefined)
})

test('a row is compared with its floor, its best peer and the other clone', () => {
  const samples = { client: [4], floor: [2], slow: [8], quick: [3], beside: [4] }
  const lines = describe({ name: 'a row', unit: 'ms', samples, floor: 'a script' }).split('\n')
  assert.is(lines.length, 4)
  assert.match(lines[0]!, 'a row: 4 ms')
  assert.match(lines[1]!, /worse.* a script, 2: 2$/)
  assert.match(lines[2]!, /worse.* quick, 3: 1.33$/)
  assert.match(lines[3]!, /the other clone, 4: 1$/)
})

test('takes turns in each round, peers in each third one, and leaves out a clone that throws', async () => {
  const turns: Record<string, number> = {}
  const turn = (name: string) => async () => {
    turns[name] = (turns[name] ?? 0) + 1
    if (name === 'beside')
      throw new Error('node ended with 1\n\nTypeError: getRun is not a function\n    at …')
    return { ms: turns[name] }
  }
  const play = (contestant: () => unknown) => contestant()
  const names = ['floor', 'client', 'beside', 'peer']
  const contestants = Object.fromEntries(names.map((name) => [name, turn(name)]))
  const { samples, missing } = await takeTurns(contestants, play, { rounds: 4, warmUps: 1 })
  assert.equal(samples.ms, { floor: [2, 3, 4, 5], client: [2, 3, 4, 5], peer: [1, null, null, 2] })
  assert.equal([turns.beside, missing], [1, 'TypeError: getRun is not a function'])
  contestants.client = turn('beside')
  const error = await takeTurns(contestants, play, { rounds: 1 }).catch((error: unknown) => error)
  assert.instance(error, Error)
})

test('repeats so often, and so many at once', async () => {
  const numbers: number[] = []
  let now = 0
  let most = 0
  await repeat(5, 2, async (number: number) => {
    numbers.push(number)
    most = Math.max(most, ++now)
    await new Promise(setImmediate)
    now--
  })
  assert.equal([numbers, most], [[0, 1, 2, 3, 4], 2])
})
