import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, rejects, suite } from '#test'
import { EngineError } from '../../../../packages/gateway/src/engine.ts'
import { folderFiles } from '../../../../packages/gateway/src/files/folderFiles.ts'
import { suiteOfFiles } from './filesSuite.ts'

suiteOfFiles('files in a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'files-'))
  return { make: () => folderFiles(folder), remove: () => rmSync(folder, { recursive: true }) }
})

const test = suite('the folder of files')

test('it can be read by its owner only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'files-'))
  await folderFiles(join(folder, 'new/one')).place()
  assert.is(statSync(join(folder, 'new/one')).mode & 0o077, 0)
  rmSync(folder, { recursive: true })
})

test('nothing is left of a file whose content breaks off', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'files-'))
  let parts = 0
  const body = new ReadableStream({
    pull: (controller) =>
      parts++ ? controller.error(new EngineError(408, 'broken')) : controller.enqueue(new Uint8Array(9)),
  })
  await rejects(folderFiles(folder).put('out', 'run', 'a.png', body), EngineError, { status: 408 })
  assert.equal(readdirSync(join(folder, 'out/run')), [])
  rmSync(folder, { recursive: true })
})
