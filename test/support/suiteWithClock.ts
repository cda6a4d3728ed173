import type { Clock } from '@sinonjs/fake-timers'
import { suite, type Test } from '#test'
import { fakeClock } from './fakes.ts'

/** A suite whose cases each get a clock that stands still until they tick it. `Math.random` is as it was after each. */
export function suiteWithClock(name: string): Test<{ clock: Clock }> {
  const { random } = Math
  const test = suite<{ clock: Clock }>(name)
  test.before.each((context) => {
    context.clock = fakeClock()
  })
  test.after.each(({ clock }) => {
    clock.uninstall()
    Math.random = random
  })
  return test
}
