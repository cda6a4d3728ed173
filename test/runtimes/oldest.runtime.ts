// Each packed package on the oldest Node that it names in `engines`: a run through it.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createClient } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { emptyFolder, install, pack } from '../bundlers/pack.ts'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { until } from '../support/until.ts'
import { command } from './command.ts'

const test = suite('each package on its oldest Node')
const folder = emptyFolder('flowscale-oldest-')
const emulator = createEmulator({ apiKey: CANARY, speed: 1000 })
const served = await serve(emulator)
install(folder, ...pack(folder, 'client', 'flowscale', 'ai-sdk', 'gateway', 'emulator', 'mcp'))
test.after(async () => {
  await served.close()
  emulator.close()
  rmSync(folder, { recursive: true })
})

/** The installed Node of exactly this version. */
function nodeOf(name: string): string {
  const { engines } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
  const [, version = ''] = /^>=(\d+\.\d+)$/.exec(engines.node)!
  const found = ['node18', 'node20-oldest'].map((one) =>
    resolve('test/runtimes/node_modules', one, 'bin/node'),
  )
  const right = found.find(
    (file) => execFileSync(file, ['--version'], { encoding: 'utf8' }).trim() === `v${version}.0`,
  )
  assert.ok(right, `Node ${version}.0 is not among the runtimes`)
  return right
}

const start = `const client = createClient({ baseUrl: '${served.url}', apiKey: '${CANARY}' })`
const programs: Record<string, string> = {
  client: `import { createClient } from '@flowscale/client'
    import { executeWorkflowAsync } from '@flowscale/client/poller'
    ${start}
    const { outputs } = await executeWorkflowAsync(client, 't3xtwr1ter00', { prompt: 'a' }, { pollIntervalMs: 10 })
    console.log(outputs.length)`,
  flowscale: `import { FlowscaleAPI } from 'flowscale'
    const api = new FlowscaleAPI({ baseUrl: '${served.url}', apiKey: '${CANARY}' })
    const result = await api.executeWorkflowAsync('t3xtwr1ter00', { prompt: 'a' }, undefined, 10)
    console.log([result].flat().length)`,
  'ai-sdk': `import { createFlowscale } from '@flowscale/ai-sdk'
    import { createClient } from '@flowscale/client'
    ${start}
    const model = createFlowscale(client).image('bncu0a1kipv', { map: { prompt: 'text_51536' } })
    const { images } = await model.doGenerate({ prompt: 'a', n: 1, providerOptions: {} })
    console.log(images.length)`,
  mcp: `import { createMcp } from '@flowscale/mcp'
    import { createClient } from '@flowscale/client'
    ${start}
    const token = 'a-token-of-the-tests'
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: 'Bearer ' + token }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
    const answer = await createMcp(client, { token }).fetch(new Request('http://localhost/mcp', { method: 'POST', headers, body }))
    console.log((await answer.text()).split('"Text_Writer"').length - 1)`,
}

for (const [name, program] of Object.entries(programs)) {
  test(name, async () => {
    writeFileSync(join(folder, `${name}.mjs`), program)
    const run = command(nodeOf(name), [`${name}.mjs`], folder)
    assert.is(await run.exit, 0, run.output())
    assert.match(run.output(), /^1$/m)
  })
}

test('the command flowscale', async () => {
  const env = { FLOWSCALE_API_URL: served.url, FLOWSCALE_API_KEY: CANARY }
  const args = ['node_modules/flowscale/bin/flowscale.js', 'run', 'Text Writer', 'prompt=a', '-o', 'texts']
  const run = command(nodeOf('flowscale'), args, folder, env)
  assert.is(await run.exit, 0, run.output())
  assert.match(run.output(), /^texts\/\S+\.txt$/m)
})

/** Starts the command of a server, and makes a run there. */
async function serveAndRun(name: string, workflow: string, inputs: object, ...args: string[]): Promise<void> {
  const bin = `node_modules/@flowscale/${name}/bin/flowscale-${name}.js`
  const server = command(nodeOf(name), [bin, '--json', '--port', '0', ...args], folder)
  try {
    const facts = /^\{.*"apiKey".*\}$/m
    let isOver = false
    void server.exit?.then(() => {
      isOver = true
    })
    await until(() => isOver || facts.test(server.output()))
    assert.match(server.output(), facts)
    const { url, apiKey } = JSON.parse(facts.exec(server.output())![0])
    const client = createClient({ baseUrl: url, apiKey })
    const { outputs } = await executeWorkflowAsync(client, workflow, inputs as never, { pollIntervalMs: 20 })
    assert.is(outputs.length, 1)
  } finally {
    await server.end()
  }
}

test('the emulator', () =>
  serveAndRun('emulator', 't3xtwr1ter00', { prompt: 'a' }, '--speed', '1000', '--api-key', CANARY))

test('the gateway, with a queue in a folder, before a ComfyUI', async () => {
  const comfy = await startComfy({ version: '0.8.0', speed: 100 })
  const workflows = resolve('test/comfyui/workflows')
  try {
    await serveAndRun(
      ...(['gateway', 'text-to-image', { prompt: 'a red fox' }, '--comfyui', comfy.url] as const),
      ...['--workflows', workflows, '--data', 'data', '--api-key', CANARY],
    )
  } finally {
    await comfy.stop()
  }
})
