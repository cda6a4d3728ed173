// What docs/gateway-hosting.md, docs/gateway-several.md, docs/gateway-keys.md and docs/webhooks.md say, with the command as built.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type Client,
  checkHealth,
  createClient,
  executeWorkflow,
  getRun,
  getWorkflows,
  HttpError,
} from '@flowscale/client'
import { executeWorkflowAsync, waitForRun } from '@flowscale/client/poller'
import { createProxyHandler } from '@flowscale/client/proxy'
import { verifyWebhook } from '@flowscale/client/webhook'
import { assert, rejects, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { blockOf } from '../support/blockOf.ts'
import { freePort } from '../support/listen.ts'
import { receiveWebhooks } from '../support/receiveWebhooks.ts'
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
    blockOf('docs/gateway-hosting.md', 'service'),
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

test('webhooks, by the lines of the page', async () => {
  const [serving, curl, secretLine, serveAll] = [
    ...readFileSync('docs/webhooks.md', 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm),
  ]
    .map(([, code]) => code!.replaceAll('\\\n', ' ').trim())
    // These lines are for a gateway that calls the network.
    .filter((code) => !code.startsWith('npx flowscale '))
  const { received: heard, ...receiver } = await receiveWebhooks()
  const [comfy] = await startComfies(1)
  const { host } = new URL(receiver.url)
  const flagsOf = (line: string) =>
    line.replaceAll('127.0.0.1:3000', host).replace('http://127.0.0.1:8188', comfy!.url).split(/\s+/).slice(2)
  let gateway = await start(...flagsOf(serving!), '--port', '0')
  const submit = () => {
    const line = curl!
      .replace('http://127.0.0.1:4188', gateway.url)
      .replace('https://app.example.com', receiver.url)
    return JSON.parse(execFileSync('sh', ['-c', `${line} -s`], { encoding: 'utf8' }))
  }
  try {
    // Its host is of this machine.
    assert.match(submit().errors?.[0] ?? submit().detail, /unless --webhook-hosts names its host/)
    await gateway.stop('SIGKILL')
    gateway = await start(...flagsOf(serveAll!), '--port', '0')
    const id = submit().data.run_id
    await until(() => heard.length === 2)
    for (const [path, ...more] of [['/hook'], ['/all', '--webhook']]) {
      const args = [command, ...secretLine!.split(' ').slice(2), ...more]
      const secret = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
      const event = await verifyWebhook(heard.find(({ url }) => url === path)!, secret)
      assert.equal([event.type, event.data._id], ['run.completed', id])
    }
  } finally {
    await gateway.stop('SIGKILL')
    await comfy!.stop()
    await receiver.close()
  }
})

/** The gateway that a block of code exports. */
async function importGateway(page: string, label: string, comfies: readonly Comfy[]) {
  const code = blockOf(page, label)
    .replace(/'http:\S+818(\d)'/g, (_, n) => `'${comfies[n % 8]!.url}'`)
    .replaceAll(/'(flowscale\/queue|workflows|keys.json)'/g, (_, name) => `'${join(folder, name)}'`)
  // Inside the repository, so that the packages are found by name.
  const file = resolve(`.tmp/gateway-${label}.mjs`)
  mkdirSync('.tmp', { recursive: true })
  writeFileSync(file, code)
  const { gateway } = await import(pathToFileURL(file).href)
  rmSync(file)
  return gateway
}

const ofKeys = 'docs/gateway-keys.md'
/** The arguments of each line in a block of its page. */
const linesOf = (label: string): string[][] =>
  [...blockOf(ofKeys, label).matchAll(/^npx @flowscale\/gateway (.+)$/gm)].map(([, line]) => line!.split(' '))

/** The keys that the lines of a block make. */
async function addKeys(label: string): Promise<string[]> {
  const keys: string[] = []
  for (const args of linesOf(label)) {
    const { code, stdout } = await startProgram(process.execPath, [command, ...args], { cwd: folder }).ended
    assert.is(code, 0)
    keys.push(stdout.trim())
  }
  return keys
}

const hasNoRun = (work: Promise<unknown>) => rejects(work, HttpError, { status: 404 })

test('keys, by the lines: the client, the proxy, the command and the page take each; one is replaced', async () => {
  const [comfy] = await startComfies(1)
  const [shop = ''] = await addKeys('first')
  const [crm = '', ops = ''] = await addKeys('limits')
  const lines = [...linesOf('start')[0]!, '--comfyui', comfy!.url, '--port', '0', '--json']
  const startAgain = () => startProgram(process.execPath, [command, ...lines], { cwd: folder })
  let program = startAgain()
  const urlOf = async (): Promise<string> => {
    const [first = ''] = (await program.printed(/\n/)).split('\n')
    const { url, apiKey } = JSON.parse(first)
    assert.is(apiKey, undefined)
    return url
  }
  let baseUrl = await urlOf()
  const by = (apiKey: string) => createClient({ baseUrl, apiKey })
  try {
    const { runId, outputs } = await executeWorkflowAsync(
      by(shop),
      'text-to-image',
      { prompt: 'a fox' },
      polls,
    )
    const link = outputs[0]!.download_url!
    assert.is((await fetch(link)).status, 200)
    const handle = createProxyHandler(by(shop), {
      basePath: '/api/flowscale',
      authorize: () => ({ groupId: 'visitor-1' }),
    })
    const page = createClient({
      baseUrl: 'http://app.test/api/flowscale',
      fetch: async (url, init) => await handle(new Request(url, init)),
    })
    await executeWorkflowAsync(page, 'text-to-image', { prompt: 'a fox' }, polls)
    await hasNoRun(getRun(page, runId))
    const { code } = await startProgram(
      process.execPath,
      [
        resolve('packages/flowscale/bin/flowscale.js'),
        'run',
        'text-to-image',
        'prompt=a fox',
        '-o',
        'images',
      ],
      { cwd: folder, env: { FLOWSCALE_API_URL: baseUrl, FLOWSCALE_API_KEY: shop } },
    ).ended
    assert.is(code, 0)
    assert.match(await (await fetch(baseUrl)).text(), ' data-needs-key ')

    assert.equal(
      (await getWorkflows(by(crm))).data.map(({ id }) => id),
      ['text-to-image'],
    )
    await hasNoRun(getRun(by(crm), runId))
    await getRun(by(ops), runId)

    const [fresh = ''] = await addKeys('again')
    await until(() => getRun(by(fresh), runId).catch(() => undefined))
    await getRun(by(shop), runId)
    const file = join(folder, 'keys.json')
    const [{ name }, ...others] = JSON.parse(readFileSync(file, 'utf8'))
    assert.is(name, 'shop')
    writeFileSync(file, JSON.stringify(others))
    await until(() => getRun(by(shop), runId).then(Object, ({ status }) => status === 403))
    // A key in the address of a WebSocket.
    await fetch(`${baseUrl}/api/v1/ws?api_key=${fresh}`)

    program.child.kill('SIGKILL')
    const { stdout, stderr } = await program.ended
    program = startAgain()
    const before = baseUrl
    baseUrl = await urlOf()
    assert.is((await getRun(by(fresh), runId)).data.status, 'completed')
    assert.is((await fetch(link.replace(before, baseUrl))).status, 200)
    const hashes = others.map(({ sha256 }: { sha256: string }) => sha256)
    for (const secret of [shop, crm, ops, fresh, ...hashes]) assert.not.ok((stdout + stderr).includes(secret))
  } finally {
    program.child.kill('SIGKILL')
    await program.ended
    await comfy!.stop()
  }
})

test('keys in code', async () => {
  const comfies = await startComfies(1)
  const [key = ''] = await addKeys('first')
  const gateway = await importGateway(ofKeys, 'code', comfies)
  try {
    const { url: baseUrl, fetch } = gateway
    const client = createClient({ baseUrl, apiKey: key, fetch })
    const { outputs } = await executeWorkflowAsync(client, 'text-to-image', {}, polls)
    assert.is((await fetch(outputs[0]!.download_url)).status, 200)
    await rejects(checkHealth(createClient({ baseUrl, apiKey: `${key}x`, fetch })), HttpError, {
      status: 403,
    })
  } finally {
    await gateway.close()
    await comfies[0]!.stop()
  }
})

test('a queue in code', async () => {
  const comfies = await startComfies(2)
  const gateway = await importGateway('docs/gateway-several.md', 'queue', comfies)
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
    await Promise.all(comfies.map((comfy) => comfy.stop()))
  }
})
