import { assert, suite } from '#test'
import { watchFiles } from '../../../../packages/gateway/src/comfyui/watchFiles.ts'
import type { WorkflowFile } from '../../../../packages/gateway/src/engine.ts'
import { fakeClock } from '../../../support/fakes.ts'

const test = suite('files that change without a request')

test('are read within two seconds; the first ones, and those that stay, are not', async () => {
  const clock = fakeClock('setInterval', 'clearInterval')
  let files: readonly WorkflowFile[] = []
  let isBroken = false
  let reads = 0
  const give = async () => {
    if (isBroken) throw new Error('gone')
    return files
  }
  const read = async () => reads++
  const stop = watchFiles({ workflows: give }, give, read)
  await clock.tickAsync(4_000)
  assert.is(reads, 0)
  files = [{ name: 'a', graph: {} }]
  await clock.tickAsync(2_000)
  assert.is(reads, 1)
  isBroken = true
  await clock.tickAsync(2_000)
  isBroken = false
  await clock.tickAsync(4_000)
  assert.is(reads, 1)
  stop()
  watchFiles({ workflows: files }, give, read)()
  assert.is(clock.countTimers(), 0)
  clock.uninstall()
})
