import { assert, suite } from '#test'
import { watchFiles } from '../../../../packages/gateway/src/comfyui/watchFiles.ts'
import type { WorkflowFile } from '../../../../packages/gateway/src/engine.ts'
import { fakeClock } from '../../../support/fakes.ts'

const test = suite('files that change without a request')

test('are read within two seconds; the first ones, and those that stay, are not', async () => {
  const clock = fakeClock('setInterval', 'clearInterval', 'performance')
  let files: readonly WorkflowFile[] = []
  let isBroken = false
  let reads = 0
  const give = async () => {
    if (isBroken) throw new Error('gone')
    return files
  }
  const read = async () => reads++
  const lines: string[] = []
  const log = (_level: string, line: string) => lines.push(line)
  const stop = watchFiles({ workflows: give, log }, give, read)
  await clock.tickAsync(4_000)
  assert.is(reads, 0)
  files = [{ name: 'a', graph: {} }]
  await clock.tickAsync(2_000)
  assert.is(reads, 1)
  isBroken = true
  await clock.tickAsync(20_000)
  isBroken = false
  await clock.tickAsync(4_000)
  assert.is(reads, 1)
  assert.equal(lines, ['The look at the workflows failed: gone'])
  stop()
  watchFiles({ workflows: files, log }, give, read)()
  assert.is(clock.countTimers(), 0)
  clock.uninstall()
})
