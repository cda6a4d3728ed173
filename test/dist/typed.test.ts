// The way of a new user with the packed tarballs: `flowscale pull` in an empty folder, a program on the file that it wrote,
// and what happens as the workflow changes.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { createEmulator, type WorkflowDefinition } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { readWorkflows } from '@flowscale/gateway/node'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { installPacked } from '../support/installPacked.ts'
import { openGateway } from '../support/openGateway.ts'

const test = suite('typed workflows from the tarballs')
const folder = mkdtempSync(join(tmpdir(), 'flowscale-typed-'))
const closing: (() => unknown)[] = []

test.before(() => {
  installPacked(folder)
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ module: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'], types: [] },
    ...{ rootDir: 'src', outDir: 'dist' },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
})
test.after.each(async () => {
  for (const close of closing.splice(0)) await close()
})
test.after(() => rmSync(folder, { recursive: true }))

interface Ended {
  code: number
  said: string
}

/** Run in the folder, with no settings but these. */
async function node(args: string[], url = ''): Promise<Ended> {
  const env = { PATH: process.env.PATH, FLOWSCALE_API_URL: url, FLOWSCALE_API_KEY: CANARY }
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, env })
    return { code: 0, said: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, said: stdout + stderr }
  }
}

const pull = (url: string, ...args: string[]) =>
  node([join('node_modules', 'flowscale', 'bin', 'flowscale.js'), 'pull', ...args], url)
const compile = () => node([resolve('node_modules/typescript7/bin/tsc')])

const write = (program: string) =>
  writeFileSync(
    join(folder, 'src/app.ts'),
    `import { createClient } from '@flowscale/client'
import { run } from '@flowscale/client/typed'
import * as workflows from './workflows.js'
declare const process: { env: Record<string, string> }
const client = createClient({ baseUrl: process.env.FLOWSCALE_API_URL!, apiKey: process.env.FLOWSCALE_API_KEY })
${program}`,
  )

async function pod(workflows: WorkflowDefinition[] = []): Promise<string> {
  const emulator = createEmulator({ apiKey: CANARY, speed: 1000, workflows })
  const { url, close } = await serve(emulator)
  closing.push(close, () => emulator.close())
  return url
}

const ok = ({ code, said }: Ended) => assert.is(code, 0, said)

test('on a gateway before a ComfyUI', async () => {
  const comfy = await startComfy({ version: '0.8.0', speed: 100 })
  closing.push(() => comfy.stop())
  const { url, close } = await openGateway(comfy.url, {
    workflows: await readWorkflows('test/comfyui/workflows'),
  })
  closing.unshift(close)
  ok(await pull(url))
  write(`const { outputs } = await run(client, workflows.textToImage, { prompt: 'a red fox' }, { pollIntervalMs: 10 })
console.log(Object.keys(outputs), outputs.result.length)`)
  ok(await compile())
  const { said } = await node(['dist/app.js'], url)
  assert.is(said, "[ 'result' ] 1\n")
})

test('a workflow that changes: --check fails, and the program compiles no more', async () => {
  const mine: WorkflowDefinition = {
    ...{ id: 'm1ne', name: 'Mine', description: 'Of my own' },
    inputs: { prompt: 'string' },
    outputs: { picture: 'file' },
    run: () => ({ picture: { data: new Uint8Array([1]), type: 'text/plain' } }),
  }
  const url = await pod([mine])
  ok(await pull(url))
  write(`const { outputs } = await run(client, workflows.mine, { prompt: 'a' }, { pollIntervalMs: 10 })
console.log(outputs.picture.length)`)
  ok(await compile())
  assert.is((await node(['dist/app.js'], url)).said, '1\n')
  ok(await pull(url, '--check'))

  const changed = await pod([{ ...mine, inputs: { prompt: 'string', mood: 'string' } }])
  const check = await pull(changed, '--check')
  assert.is(check.code, 1)
  assert.match(check.said, '+    mood: string')
  ok(await compile())
  ok(await pull(changed))
  const { code, said } = await compile()
  assert.ok(code > 0)
  assert.match(said, /src\/app\.ts\(6,\d+\): error .*\n? *Property 'mood' is missing/)
})
