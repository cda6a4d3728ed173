import { assert } from '#test'
import { sleep, withDeadline } from '../../../../packages/client/src/internal/timers.ts'
import { assertNoListeners, waitSuite } from '../poller/kit.ts'

const test = waitSuite('timers')
const never = () => new Promise<never>(() => {})

test('gives the value, or undefined when the time is over', async ({ drive }) => {
  const quick = await drive(withDeadline(500, undefined, async () => 7))
  assert.equal([quick.value, quick.ms], [7, 0])
  const late = await drive(withDeadline(500, undefined, never))
  assert.equal([late.value, late.error, late.ms], [undefined, undefined, 500])
})

test('passes an error on, and throws the reason of an abort instead of it', async ({ drive }) => {
  const own = new Error('mine')
  const fail = async () => {
    throw own
  }
  const controller = new AbortController()
  assert.is((await drive(withDeadline(500, controller.signal, fail))).error, own)
  const both = async () => {
    controller.abort('stop')
    throw own
  }
  assert.is((await drive(withDeadline(500, controller.signal, both))).error, 'stop')
  assertNoListeners(controller.signal)
})

test('an abort by what runs ends it, before its first await too', async ({ drive }) => {
  for (const ending of [never, async () => 7]) {
    const controller = new AbortController()
    const { error, ms } = await drive(
      withDeadline(500, controller.signal, () => {
        controller.abort('stop')
        return ending()
      }),
    )
    assert.is(error, 'stop')
    assert.is(ms, 0)
    assertNoListeners(controller.signal)
  }
})

test('gives what `late` gives, or throws what it throws, when the time is over', async ({ drive }) => {
  assert.is((await drive(withDeadline(500, undefined, never, () => 8))).value, 8)
  const own = new Error('late')
  const late = () => {
    throw own
  }
  assert.is((await drive(withDeadline(500, undefined, never, late))).error, own)
})

test('does not run once aborted', async ({ drive }) => {
  let ran = false
  const run = async () => {
    ran = true
  }
  assert.is((await drive(withDeadline(500, AbortSignal.abort('stop'), run))).error, 'stop')
  assert.not(ran)
})

test('tells what runs by its signal, of the time and of the abort', async ({ drive }) => {
  let signal!: AbortSignal
  const keep = (given: AbortSignal) => {
    signal = given
    return never()
  }
  await drive(withDeadline(500, undefined, keep))
  assert.ok(signal.aborted)
  const controller = new AbortController()
  setTimeout(() => controller.abort('stop'), 100)
  await drive(withDeadline(500, controller.signal, keep))
  assert.is(signal.reason, 'stop')
})

test('a failure after the end is no unhandled rejection', async ({ drive }) => {
  let fail!: (reason: unknown) => void
  await drive(withDeadline(500, undefined, () => new Promise<void>((_, reject) => (fail = reject))))
  fail(new Error('too late'))
})

test('times above what a timer can take do not fire at once', async ({ drive }) => {
  for (const ms of [2 ** 31, Infinity]) {
    const controller = new AbortController()
    setTimeout(() => controller.abort('stop'), 100_000)
    const { error, ms: spent } = await drive(sleep(ms, controller.signal))
    assert.is(error, 'stop')
    assert.is(spent, 100_000)
  }
  assert.is((await drive(sleep(300))).ms, 300)
})
