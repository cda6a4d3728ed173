// The Deno example, copied into a folder where the built package is installed, as its user has it.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { pod } from '../examples/kit.ts'
import { denoPath } from './command.ts'

const test = suite('Deno example')

let folder: string
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowscale-deno-'))
  writeFileSync(join(folder, 'package.json'), '{}')
  cpSync('examples/deno.ts', join(folder, 'deno.ts'))
  for (const name of ['package.json', 'dist'])
    cpSync(`packages/client/${name}`, join(folder, 'node_modules/@flowscale/client', name), {
      recursive: true,
    })
})
test.after(() => rmSync(folder, { recursive: true }))

/** Under a time limit: a request that is not permitted may never end. */
function deno(command: string, env: Record<string, string> = {}) {
  const line = `cd ${folder} && exec ${denoPath()} ${command}`
  const quiet = { DENO_DIR: join(folder, '.deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }
  return runCommand('sh', ['-c', line], { env: { ...quiet, ...env }, limitMs: 300_000 })
}
/** The command in its first lines, in this network. */
const [, usage = ''] = /^\/\/ +deno run (.*)$/m.exec(readFileSync('examples/deno.ts', 'utf8')) ?? []
const offline = usage.replace('--allow-net ', '--allow-net=127.0.0.1 ')
const run = `run --no-prompt --node-modules-dir=manual ${offline}`

test('its types fit', async () => {
  const { code, output } = await deno('check --node-modules-dir=manual deno.ts')
  assert.is(code, 0, output)
})

test('its command saves a picture with no more permissions than it says', async () => {
  const local = await pod()
  try {
    const { code, output } = await deno(run, local.env)
    assert.is(code, 0, output)
    const [runId] = await local.runs()
    assert.match(output, `Submitted ${runId}\n`)
    const [name] = readdirSync(folder).filter((file) => file.endsWith('.png'))
    assert.ok(output.endsWith(`Saved ${name}\n`), output)
    assert.is(decode(readFileSync(join(folder, name!))).width, 768)
    assert.is(local.emulator.stats.runsStarted, 1)

    const wrong = await deno(run, { ...local.env, FLOWSCALE_API_KEY: 'not-the-key' })
    assert.is(wrong.code, 1)
    assert.match(wrong.output, /^ERR_FLOWSCALE_HTTP: POST .* answered 403: Invalid API key\n$/)
  } finally {
    await local.close()
  }
})
