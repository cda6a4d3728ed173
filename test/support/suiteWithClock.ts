import type { Clock, FakeMethod } from '@sinonjs/fake-timers'
import { assert, suite, type Test } from '#test'
import { fakeClock } from './fakes.ts'

interface Timed {
  /** Stands still until the case ticks it. */
  clock: Clock
  /** Lets all happen that needs no time. */
  settle(): Promise<unknown>
}

/** A suite whose cases each get a clock, and leave no timer. `Math.random` is as it was after each. */
export function suiteWithClock(name: string, ...also: FakeMethod[]): Test<Timed> {
  const { random } = Math
  const test = suite<Timed>(name)
  test.before.each((context) => {
    const clock = fakeClock(...also)
    Object.assign(context, { clock, settle: () => clock.tickAsync(0) })
  })
  test.after.each(({ clock }) => {
    const timers = clock.countTimers()
    clock.uninstall()
    Math.random = random
    assert.is(timers, 0, 'a timer is left')
  })
  return test
}
