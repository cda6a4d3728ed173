// What docs/gateway.md and docs/gateway-several.md say, with the command as built.
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { checkHealth, createClient, executeWorkflow, getRun } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { blockOf } from '../support/blockOf.ts'
import { freePort } from '../support/listen.ts'
import { serving } from '../support/startCli.ts'

const test = suite('pages of the gateway')
const command = resolve('packages/gateway/bin/flowscale-gateway.js')
const polls = { pollIntervalMs: 50, timeoutMs: 30_000 }
let folder = ''
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowscale-pages-'))
  cpSync('test/comfyui/workflows', join(folder, 'workflows'), { recursive: true })
})
test.after.each(() => rmSync(folder, { recursive: true }))

/** The command in the folder. */
const start = (...args: string[]) => serving([command, ...args], { cwd: folder })

test('the service: key, runs and links outlive a restart', async () => {
  const [, line] = /^ExecStart=\/usr\/bin\/env flowscale-gateway (.+)$/m.exec(
    blockOf('docs/gateway.md', 'service'),
  )!
  const comfy = await startComfy({ version: '0.8.0', speed: 4 })
  const flags = [...line!.split(' '), '--comfyui', comfy.url, '--port', await freePort()]
  let gateway = await start(...flags)
  try {
    const key = readFileSync(join(folder, 'data/api-key'), 'utf8').trim()
    const client = createClient({ baseUrl: gateway.url, apiKey: key })
    const done = (await executeWorkflow(client, 'text-to-image', { prompt: 'a red fox' })).data.run_id
    const { outputs } = await waitForRun(client, done, polls)
    const going = (await executeWorkflow(client, 'slow', {})).data.run_id
    await gateway.stop('SIGKILL')
    gateway = await start(...flags)
    assert.is((await getRun(client, done)).data.status, 'completed')
    const link = outputs[0]!.url!
    assert.is(new URL(link).origin, 'https://gpu.example.com')
    assert.is((await fetch(link.replace(gateway.filesUrl, gateway.url))).status, 200)
    assert.is((await waitForRun(client, going, polls)).status, 'completed')
    assert.equal(comfy.executed.runs, { [done]: 1, [going]: 1 })
  } finally {
    await gateway.stop('SIGKILL')
    await comfy.stop()
  }
})

test('three GPUs: two gateways by the printed line', async () => {
  const page = readFileSync('docs/gateway-several.md', 'utf8')
  const [, line] = /^npx @flowscale\/gateway (.+)$/m.exec(page)!
  const comfies = await Promise.all([0, 1, 2].map(() => startComfy({ version: '0.8.0', speed: 4 })))
  const flags = line!.replaceAll(/http:\/\/127\.0\.0\.1:818(\d)/g, (_, n) => comfies[n]!.url).split(' ')
  const publicUrl = ['--public-url', 'https://gpu.example.com', '--port', '0']
  const gateways = await Promise.all([0, 1].map(() => start(...flags, ...publicUrl)))
  try {
    const [one, two] = gateways.map(({ url }) => createClient({ baseUrl: url, apiKey: 'my-long-key' }))
    const names = (await checkHealth(one!)).data!.map(({ container }) => container)
    assert.equal(names, ['ComfyUI 1', 'ComfyUI 2', 'ComfyUI 3'])
    const ids = [one!, two!, one!].map(
      async (client) => (await executeWorkflow(client, 'slow', {})).data.run_id,
    )
    const runs = await Promise.all(ids.map(async (id) => waitForRun(two!, await id, polls)))
    for (const { outputs } of runs) {
      const link = outputs[0]!.url!
      for (const { url, filesUrl } of gateways) {
        assert.is((await fetch(link.replace(filesUrl, url))).status, 200)
      }
    }
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop('SIGKILL')))
    await Promise.all(comfies.map((comfy) => comfy.stop()))
  }
})
