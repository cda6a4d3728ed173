// examples/csv-batch.mjs, started again on a file that has changed.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, getRuns } from '@flowscale/client'
import { assert, suite } from '#test'
import { pod, run } from './kit.ts'

const test = suite('from a CSV to a folder')

test('a row is paid for once, wherever it stands, and a failed row is counted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-csv-'))
  const { env, url, emulator, close } = await pod()
  try {
    const start = async (csv: string) => {
      writeFileSync(join(folder, 'prompts.csv'), csv)
      const { code, stdout } = await run('csv-batch.mjs', [], folder, env).ended
      const { data } = await getRuns(createClient({ baseUrl: url, apiKey: emulator.apiKey }))
      const last = stdout.trim().split('\n').at(-1)
      return [code, last, data.runs.length, readdirSync(join(folder, 'images')).length]
    }
    // With a mark of its encoding, an empty cell, empty rows and a row twice.
    assert.equal(await start('\ufefftext_51536,seed\ndawn,1\n\ndusk,\n,\ndawn,1\n\n'), [
      0,
      '2 done, 0 failed',
      2,
      2,
    ])
    assert.equal(await start('text_51536,seed\nnoon,3\ndusk,\ndawn,1\n'), [0, '3 done, 0 failed', 3, 3])
    assert.equal(await start('text_51536,seed\nnight,x\ndawn,1\n'), [1, '1 done, 1 failed', 3, 3])
  } finally {
    await close()
    rmSync(folder, { recursive: true })
  }
})
