// `flowscale batch` on a gateway before a ComfyUI: files in, several outputs a row, and a kill.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readWorkflows } from '@flowscale/gateway/node'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { flowscale, start } from '../command/kit.ts'
import { CANARY } from '../support/canary.ts'
import { openGateway } from '../support/openGateway.ts'
import { until } from '../support/until.ts'

const test = suite('batch, on a gateway')

test('two outputs a row in one folder; killed after the first submission, then again: nothing is paid twice', async () => {
  const comfy = await startComfy({ version: '0.8.0' })
  const { url, close } = await openGateway(comfy.url, {
    workflows: await readWorkflows('test/comfyui/workflows'),
  })
  const cwd = await mkdtemp(join(tmpdir(), 'flowscale-batch-'))
  try {
    await cp('test/comfyui/workflows/example.png', join(cwd, 'photo.png'))
    const captions = ['dawn', 'noon, "bright"', 'dusk']
    const rows = captions.map((caption) => `"${caption.replaceAll('"', '""')}",@photo.png\n`)
    await writeFile(join(cwd, 'rows.csv'), `caption,photo\n${rows.join('')}`)
    const args = ['batch', 'two-outputs', 'rows.csv', '-o', 'out', '--concurrency', '1']
    const options = { cwd, env: { FLOWSCALE_API_URL: url, FLOWSCALE_API_KEY: CANARY } }
    const submissions = () =>
      comfy.requests.filter(({ method, path }) => `${method} ${path}` === 'POST /prompt').length

    const { child, ended } = start(args, options)
    await until(submissions)
    child.kill('SIGKILL')
    assert.is((await ended).signal, 'SIGKILL')
    const { code, stdout, stderr } = await flowscale(args, options)
    assert.equal([code, stdout], [0, '3 of 3 rows are done: see out/results.jsonl.\n'], stderr)

    const lines = (await readFile(join(cwd, 'out/results.jsonl'), 'utf8')).trim().split('\n')
    for (const [index, caption] of captions.entries()) {
      const { row, status, runId, outputs } = JSON.parse(lines[index]!)
      assert.equal([row, status, outputs.length], [index + 1, 'completed', 2])
      assert.is(comfy.executed.runs[runId], 1)
      const [picture, text] = outputs
      assert.match(picture.path, new RegExp(`^000${row}-picture_${runId}\\.webp$`))
      assert.match(text.path, new RegExp(`^000${row}-caption_out_${runId}\\.txt$`))
      assert.is(await readFile(join(cwd, 'out', text.path), 'utf8'), caption)
      assert.is((await readFile(join(cwd, 'out', picture.path))).toString('latin1', 8, 12), 'WEBP')
    }
    assert.is((await readdir(join(cwd, 'out'))).length, 3 * 2 + 3)

    const again = await flowscale(args, options)
    assert.is(again.code, 0, again.stderr)
    assert.is(submissions(), 3)
    assert.equal(Object.values(comfy.executed.runs), [1, 1, 1])
  } finally {
    await close()
    await comfy.stop()
    await rm(cwd, { recursive: true, force: true })
  }
})
