import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
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
