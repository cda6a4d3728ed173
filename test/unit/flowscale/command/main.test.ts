import { assert, suite } from '#test'
import { Interrupted } from '../../../../packages/flowscale/src/command/errors.ts'
import { onSignals } from '../../../../packages/flowscale/src/command/main.ts'

const test = suite('signals')
const count = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')

test('the first aborts, the second exits; no listener is left', () => {
  const before = count()
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const controller = new AbortController()
    const stop = onSignals(controller)
    const exits: unknown[] = []
    const { exit } = process
    process.exit = ((value: unknown) => exits.push(value)) as never
    try {
      process.emit(name)
      assert.instance(controller.signal.reason, Interrupted)
      assert.is(controller.signal.reason.exitCode, code)
      assert.equal(exits, [])
      process.emit(name)
      assert.equal(exits, [code])
    } finally {
      process.exit = exit
      stop()
    }
  }
  assert.is(count(), before)
})
