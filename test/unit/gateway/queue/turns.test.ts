// Whose turn it is. Imports the one file, since public names show it only through a whole queue.
import { assert, suite } from '#test'
import { createTurns, type Turns, type Waiting } from '../../../../packages/gateway/src/queue/turns.ts'
import { createRandom } from '../../../support/random.ts'

const test = suite('turns')

const GPU = new Set(['gpu'])
let number = 0
const make = (caller: string, needs = 'gpu'): Waiting => ({
  id: `${caller}${++number}`,
  number,
  caller,
  needs,
})
function add(turns: Turns, count: number, caller: string, needs?: string): Waiting[] {
  const runs = Array.from({ length: count }, () => make(caller, needs))
  for (const run of runs) turns.add(run)
  return runs
}
function take(turns: Turns, count: number, needs: ReadonlySet<string> = GPU): Waiting[] {
  return Array.from({ length: count }, () => {
    const run = turns.next(needs)!
    turns.take(run)
    return run
  })
}
const callers = (runs: readonly Waiting[]): string => runs.map(({ caller }) => caller).join('')

test('who takes how many turns', () => {
  const cases: [string, (turns: Turns) => unknown, expected: unknown][] = [
    [
      'a caller with one run has a turn at once, however many runs others have and for how long',
      (turns) => {
        add(turns, 1_000, 'a')
        const begin = callers(take(turns, 500))
        add(turns, 1, 'b')
        return [new Set(begin).size, callers(take(turns, 3))]
      },
      [1, 'aba'],
    ],
    [
      'of a thousand and ten, each gets half until the ten are over',
      (turns) => {
        add(turns, 1_000, 'b')
        add(turns, 10, 'a')
        return callers(take(turns, 22))
      },
      'babababababababababa' + 'bb',
    ],
    [
      'three callers, one of whom comes later and another is done sooner',
      (turns) => {
        add(turns, 4, 'a')
        add(turns, 2, 'b')
        const begin = callers(take(turns, 2))
        add(turns, 3, 'c')
        return begin + callers(take(turns, 7))
      },
      // At the same turn, the earlier run is first.
      'ab' + 'abc' + 'ac' + 'ac',
    ],
    [
      'who was away has saved no turns, also with a run that was cancelled meanwhile',
      (turns) => {
        add(turns, 100, 'a')
        const [gone] = add(turns, 1, 'b', 'other')
        take(turns, 50)
        turns.remove(gone!)
        add(turns, 5, 'b')
        return callers(take(turns, 6))
      },
      'bababa',
    ],
    [
      'a caller whose runs fit no server holds up nobody',
      (turns) => {
        add(turns, 3, 'a', 'other')
        add(turns, 3, 'b')
        return [callers(take(turns, 3)), turns.next(GPU), callers(take(turns, 3, new Set(['other'])))]
      },
      ['bbb', undefined, 'aaa'],
    ],
    [
      'the runs of one caller go in their order, but for those that do not fit',
      (turns) => {
        const [first] = add(turns, 1, 'a', 'other')
        const [second, third] = add(turns, 2, 'a')
        return (
          [
            take(turns, 2)
              .map(({ id }) => id)
              .join(),
            turns.next(new Set(['other', 'gpu']))!.id,
          ].join() === [second!.id, third!.id, first!.id].join()
        )
      },
      true,
    ],
    [
      'new callers who come again and again starve neither the first run of one nor the next of another',
      (turns) => {
        const [first] = add(turns, 1, 'zz')
        add(turns, 10, 'y')
        const seen: Waiting[] = []
        for (let step = 0; step < 100; step++) {
          add(turns, 1, `a${step}`)
          seen.push(...take(turns, 1))
        }
        return [seen.indexOf(first!), seen.filter(({ caller }) => caller === 'y').length > 3]
      },
      [0, true],
    ],
    [
      'what fits no server for long saves some turns, and not all',
      (turns) => {
        add(turns, 1, 'a', 'other')
        add(turns, 1_000, 'b')
        take(turns, 500)
        add(turns, 400, 'a')
        return callers(take(turns, 30)).lastIndexOf('aaa') < 12
      },
      true,
    ],
    ['nothing waits', (turns) => [turns.next(GPU), turns.ordered(), turns.needs.size], [undefined, [], 0]],
  ]
  for (const [name, play, expected] of cases) assert.equal(play(createTurns()), expected, name)
})

test('a run that is given back has its old place, and its caller the turn', () => {
  const turns = createTurns()
  add(turns, 3, 'a')
  add(turns, 3, 'b')
  const before = turns.ordered()
  const taken = take(turns, 3)
  // Also in another order than they were taken.
  for (const at of [1, 2, 0]) turns.giveBack(taken[at]!)
  assert.equal(turns.ordered(), before)
  assert.equal(take(turns, 6), before)
  // When the others have gone on, it is the next.
  for (const caller of ['a', 'b', 'c']) add(turns, 4, caller)
  const [late] = take(turns, 1)
  take(turns, 5)
  turns.giveBack(late!)
  assert.is(turns.next(GPU), late)
})

test('the needs are counted', () => {
  const turns = createTurns()
  add(turns, 2, 'a', 'x')
  const [run] = add(turns, 1, 'b', 'y')
  assert.equal(
    [...turns.needs],
    [
      ['x', 2],
      ['y', 1],
    ],
  )
  turns.remove(run!)
  take(turns, 1, new Set(['x']))
  assert.equal([...turns.needs], [['x', 1]])
})

test('the places that are told are those where the runs really go, whatever happened before', () => {
  const all = new Set(['x', 'y', 'z'])
  for (let seed = 1; seed <= 400; seed++) {
    const random = createRandom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
    const turns = createTurns()
    const waiting = new Set<Waiting>()
    const taken = new Set<Waiting>()
    for (let step = 0; step < 80; step++) {
      const what = random()
      if (what < 0.5) {
        const run = make(pick([...'abcde']), pick([...all]))
        turns.add(run)
        waiting.add(run)
      } else if (what < 0.75) {
        const run = turns.next(new Set([...all].filter(() => random() < 0.6)))
        if (!run) continue
        turns.take(run)
        waiting.delete(run)
        taken.add(run)
      } else if (what < 0.87 && taken.size > 0) {
        const run = pick([...taken])
        turns.giveBack(run)
        taken.delete(run)
        waiting.add(run)
      } else if (waiting.size > 0) {
        const run = pick([...waiting])
        turns.remove(run)
        waiting.delete(run)
      }
    }
    const ordered = turns.ordered()
    const places = ordered.map((run) => turns.ahead(run))
    const real = take(turns, waiting.size, all)
    assert.equal([ordered, places], [real, real.map((_, index) => index)], `seed ${seed}`)
    assert.is(turns.next(all), undefined)
  }
})
