// What docs/gateway.md and docs/gateway-several.md say, with the command as built.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Client, checkHealth, createClient, executeWorkflow, getRun } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { blockOf } from '../support/blockOf.ts'
import { freePort } from '../support/listen.ts'
import { serving, startProgram } from '../support/startCli.ts'
import { until } from '../support/until.ts'

const test = suite('pages of the gateway')
const command = resolve('packages/gateway/bin/flowscale-gateway.js')
const polls = { pollIntervalMs: 50, timeoutMs: 30_000 }
let folder = ''
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowscale-pages-'))
  cpSync('test/comfyui/workflows', join(folder, 'workflows'), { recursive: true })
})
test.after.each(() => rmSync(folder, { recursive: true }))

type Comfy = Awaited<ReturnType<typeof startComfy>>
const startComfies = (count: number) =>
  Promise.all(Array.from({ length: count }, () => startComfy({ version: '0.8.0', speed: 4 })))

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

const page = readFileSync('docs/gateway-several.md', 'utf8')
/** The arguments of each command of the page. */
const [ofOwn, withWorkers, ofWorker] = [...page.matchAll(/^npx @flowscale\/gateway (.+)$/gm)].map(
  ([, line]) => line!.split(' '),
)
const names = async (client: Client) => (await checkHealth(client)).data!.map(({ container }) => container)

/** As many runs as there are servers, which end, each on its own server, with a link that works. */
async function runOnEach(client: Client, comfies: readonly Comfy[], moved = (link: string) => link) {
  const ids = await Promise.all(
    comfies.map(async () => (await executeWorkflow(client, 'slow', {})).data.run_id),
  )
  for (const id of ids) {
    const { outputs } = await waitForRun(client, id, polls)
    assert.is((await fetch(moved(outputs[0]!.url!))).status, 200)
  }
  for (const { executed } of comfies) assert.equal(Object.values(executed.runs), [1])
}

test('three GPUs, by the line', async () => {
  const comfies = await startComfies(3)
  const flags = ofOwn!.map((flag) => flag.replace(/^http:.*818(\d)$/, (_, n) => comfies[n]!.url))
  const gateway = await start(...flags, '--port', '0')
  try {
    const client = createClient({ baseUrl: gateway.url, apiKey: 'my-long-key' })
    assert.equal(await names(client), ['comfyui-1', 'comfyui-2', 'comfyui-3'])
    await runOnEach(client, comfies)
  } finally {
    await gateway.stop('SIGKILL')
    await Promise.all(comfies.map((comfy) => comfy.stop()))
  }
})

test('a rented GPU, by both lines, with the key in the file that the page names', async () => {
  const comfies = await startComfies(1)
  const gateway = await start(...withWorkers!, '--port', '0')
  const [, file] = /keeps it in `(.+)`/.exec(page)!
  const given: Record<string, string> = {
    '--gateway': gateway.url,
    '--key': readFileSync(join(folder, file!), 'utf8').trim(),
    '--comfyui': comfies[0]!.url,
  }
  const flags = ofWorker!.map((flag, at) => given[ofWorker![at - 1]!] ?? flag)
  const worker = startProgram(process.execPath, [command, ...flags])
  try {
    const client = createClient({ baseUrl: gateway.url, apiKey: 'my-long-key' })
    await until(async () => (await names(client)).length > 0)
    assert.equal(await names(client), ['gpu-3'])
    await runOnEach(client, comfies, (link) => {
      assert.is(new URL(link).origin, 'https://gpu.example.com')
      return link.replace('https://gpu.example.com', gateway.url)
    })
  } finally {
    worker.child.kill()
    await worker.ended
    await gateway.stop('SIGKILL')
    await comfies[0]!.stop()
  }
})

test('a queue in code', async () => {
  const comfies = await startComfies(2)
  const code = blockOf('docs/gateway-several.md', 'queue')
    .replace(/'http:\S+818(\d)'/g, (_, n) => `'${comfies[n]!.url}'`)
    .replaceAll(/'(flowscale\/queue|workflows)'/g, (_, name) => `'${join(folder, name)}'`)
  // Inside the repository, so that the packages are found by name.
  const file = resolve('.tmp/gateway-queue.mjs')
  mkdirSync('.tmp', { recursive: true })
  writeFileSync(file, code)
  const { gateway } = await import(pathToFileURL(file).href)
  try {
    const { url: baseUrl, fetch } = gateway
    const client = createClient({ baseUrl, apiKey: 'my-long-key', fetch })
    assert.equal(await names(client), ['comfyui-1', 'comfyui-2'])
    const { run_id } = (await executeWorkflow(client, 'text-to-image', {})).data
    assert.is((await waitForRun(client, run_id, polls)).status, 'completed')
    const asWorker = (key: string) =>
      fetch(`${baseUrl}/api/v1/worker/poll`, { method: 'POST', headers: { 'x-api-key': key } })
    // It has no name yet, which the key alone lets it hear.
    assert.is((await asWorker('another-long-key')).status, 400)
    assert.is((await asWorker('my-long-key')).status, 403)
  } finally {
    gateway.close()
    rmSync(file)
    await Promise.all(comfies.map((comfy) => comfy.stop()))
  }
})
