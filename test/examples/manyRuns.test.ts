// The script of docs/many-runs.md, started again on a file that has changed.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, getRuns } from '@flowscale/client'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { startCli } from '../support/startCli.ts'

const test = suite('from a CSV to a folder')
// Inside the repository, so that the packages are found by name.
const folder = join(process.cwd(), '.tmp/many-runs')

test('a row is paid for once, wherever it stands, and a failed row is counted', async () => {
  const [, script] = /^```js\n(import { createHash[\s\S]*?)^```/m.exec(
    readFileSync('docs/many-runs.md', 'utf8'),
  )!
  mkdirSync(folder, { recursive: true })
  const server = await startCli('emulator', '--speed', '50')
  try {
    const { url, apiKey } = server
    writeFileSync(join(folder, 'batch.mjs'), script!)
    const start = async (csv: string) => {
      writeFileSync(join(folder, 'prompts.csv'), csv)
      const { code, output } = await runCommand('node', ['batch.mjs'], {
        cwd: folder,
        env: { FLOWSCALE_API_URL: url },
      })
      const { data } = await getRuns(createClient({ baseUrl: url, apiKey }))
      const last = output.trim().split('\n').at(-1)
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
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})
