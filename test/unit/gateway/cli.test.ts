// The command, as a process of its own, on the small ComfyUI.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { verifyWebhook } from '@flowscale/client/webhook'
import type { Report } from '@flowscale/gateway/http'
import { assert, said, suite } from '#test'
import { checkFolder, notesOn } from '../../../packages/gateway/src/command/openQueue.ts'
import { banner } from '../../../packages/gateway/src/command/print.ts'
import { folderFiles } from '../../../packages/gateway/src/files/folderFiles.ts'
import { createSign } from '../../../packages/gateway/src/http/links.ts'
import { folderQueue } from '../../../packages/gateway/src/node/folderQueue.ts'
import { levelStore } from '../../../packages/gateway/src/node/levelStore.ts'
import { ofQueue } from '../../../packages/gateway/src/queue/runQueue.ts'
import { makeSecret, OPERATOR, secretsFor } from '../../../packages/gateway/src/webhooks/sign.ts'
import { startComfy } from '../../comfyui/server/startComfy.ts'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { closeAll, closeLater } from '../../support/closeLater.ts'
import { listen } from '../../support/listen.ts'
import { pluck } from '../../support/pluck.ts'
import { pngWith } from '../../support/png.ts'
import { receiveWebhooks } from '../../support/receiveWebhooks.ts'
import { until } from '../../support/until.ts'
import { batchOf } from './queue/storeSuite.ts'
import { bytes } from './queue/suite.ts'

const test = suite('flowscale-gateway')
const command = resolve('packages/gateway/bin/flowscale-gateway.js')
/** A workflow in the format of the editor. */
const EDITED = resolve('test/unit/gateway/comfyui/workflows/text-to-image.app.json')
const running = new Set<ChildProcess>()
let comfy: Awaited<ReturnType<typeof startComfy>>
let folder = ''
let workflows = ''

test.before(async () => {
  comfy = await startComfy({ version: '0.8.0', speed: 100 })
})
test.after(() => comfy.stop())
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowscale-gateway-'))
  workflows = join(folder, 'workflows')
  await cp('test/comfyui/workflows', workflows, { recursive: true })
})
test.after.each(async () => {
  for (const child of running) child.kill('SIGKILL')
  await closeAll()
  await rm(folder, { recursive: true, force: true })
})

/** Runs to its end; a server to the end of what it prints at its start, given by a pattern. */
async function run(args: string[], until?: RegExp) {
  const child = spawn(process.execPath, [command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Without keys of S3.
    env: { ...process.env, AWS_ACCESS_KEY_ID: '' },
  })
  running.add(child)
  let out = ''
  let err = ''
  const code = await new Promise<number | null>((done) => {
    child.stdout.on('data', (part) => {
      out += part
      if (until?.test(out)) done(null)
    })
    child.stderr.on('data', (part) => {
      err += part
    })
    child.on('close', (code) => {
      running.delete(child)
      done(code)
    })
  })
  return { child, code, out, err }
}

const serve = (...args: string[]) =>
  run(['--comfyui', comfy.url, '--workflows', workflows, '--port', '0', ...args], /\n$/)

test('--json: the first line, with servers and workflows, those that can’t run with the reason', async () => {
  await writeFile(join(workflows, 'broken.json'), '{"1":{"class_type":"NoSuchNode","inputs":{}}}')
  await writeFile(join(workflows, 'editor.json'), '{"nodes":[],"links":[]}')
  await writeFile(join(workflows, 'half.json'), '{"1":')
  const { out, err } = await serve('--json', '--api-key', 'my-key')
  const { url, filesUrl, apiKey, servers, workflows: listed } = JSON.parse(out)
  assert.equal([filesUrl, apiKey], [url, 'my-key'])
  assert.equal(servers, [{ name: 'ComfyUI', answers: true, about: 'version 0.8.0' }])
  const problems = Object.fromEntries(listed.map(({ id, problem }: any) => [id, problem]))
  assert.match(problems.broken, /does not have the node class "NoSuchNode" \(node 1/)
  assert.match(problems.editor, /^editor\.json can't be converted/)
  assert.match(problems.half, /half\.json is not JSON/)
  assert.match(err, /Warning: the key has fewer than 8 characters/)
  const { inputs, outputs, problem } = listed.find(({ id }: any) => id === 'text-to-image')
  assert.equal(
    [inputs.prompt, outputs, problem],
    [{ kind: 'string', required: false }, { result: 'image' }, null],
  )
  assert.not.match(err, /left out/)
  const headers = { 'x-api-key': 'my-key' }
  const { data } = await (await fetch(`${url}/api/v1/comfy/workflows`, { headers })).json()
  assert.ok(data.some(({ id }: { id: string }) => id === 'text-to-image'))
  assert.not.ok(data.some(({ id }: { id: string }) => id === 'broken'))
  assert.match(await (await fetch(url)).text(), /FlowScale playground/)
})

test('the banner names the address, a key that was made, inputs and outputs; SIGTERM ends it', async () => {
  const { child, out } = await run(
    ['--comfyui', comfy.url, '--workflows', workflows, '--port', '0'],
    // After the banner comes a line about the pictures.
    /curl .*\n[\s\S]*--disable-metadata.*\n/,
  )
  assert.match(out, /API {5}http:\/\/127\.0\.0\.1:\d+/)
  assert.match(out, /key {5}fsk_[\w-]{32}\n/)
  assert.match(out, /text-to-image +\(prompt\?: string, size\?: number, seed\?: number\) → result: image/)
  const [, command = ''] = /^ {4}(curl .*)$/m.exec(out) ?? []
  const { stdout } = await promisify(execFile)('sh', ['-c', `${command} -s`])
  const answer = JSON.parse(stdout)
  assert.is(answer.status, 'success', command)
  const ended = new Promise((done) => child.on('close', done))
  child.kill('SIGTERM')
  assert.is(await ended, 0)
})

test('--data keeps the key and the runs', async () => {
  const data = join(folder, 'data')
  const first = await serve('--json', '--data', data)
  const { url, apiKey } = JSON.parse(first.out)
  const headers = { 'x-api-key': apiKey }
  const submitted = await fetch(`${url}/api/v1/runs?workflow_id=text-to-image`, { method: 'POST', headers })
  const { run_id } = (await submitted.json()).data
  first.child.kill('SIGKILL')
  const second = JSON.parse((await serve('--json', '--data', data)).out)
  assert.is(second.apiKey, apiKey)
  const { data: again } = await (await fetch(`${second.url}/api/v1/runs/${run_id}`, { headers })).json()
  assert.is(again._id, run_id)
  assert.is((await readFile(join(data, 'api-key'), 'utf8')).trim(), apiKey)
  const kept = comfy.requests.filter(({ path }) => path.includes(run_id) && path.includes('userdata'))
  assert.equal(kept, [])
})

test('--workers: a GPU dials in, makes runs and is found by its name', async () => {
  const data = join(folder, 'data')
  const gateway = await serve('--workers', '--max-workers', '1', '--data', data)
  const [, url = '', key = ''] =
    /worker +npx @flowscale\/gateway worker --gateway (\S+) --key (\S+) --name gpu-1\n/.exec(gateway.out)!
  assert.ok(gateway.out.includes(join(data)), 'where the queue is')
  assert.is((await readFile(join(data, 'worker-key'), 'utf8')).trim(), key)
  const distant = await startComfy({ version: '0.8.0', speed: 100 })
  try {
    const flags = ['worker', '--gateway', url, '--comfyui', distant.url, '--name', 'gpu-2', '--key']
    const worker = await run([...flags, key], /\n$/)
    const headers = { 'x-api-key': (await readFile(join(data, 'api-key'), 'utf8')).trim() }
    const statuses = async () => {
      const { data } = await (await fetch(`${url}/api/v1/comfy/health`, { headers })).json()
      return data.map(({ container, status }: any) => `${container} ${status}`).join()
    }
    await until(statuses, (found) => found === 'comfyui-1 idle,gpu-2 idle')
    const performed = () => Object.keys(distant.executed.runs).length
    await until(async () => {
      await fetch(`${url}/api/v1/runs?workflow_id=slow`, { method: 'POST', headers })
      return performed() > 0
    })
    // A name can be used once, and the key must be right. `api-key` is none for workers.
    const refused = await Promise.all(
      [key, headers['x-api-key'], CANARY].map((sent) => run([...flags, sent])),
    )
    assert.equal(pluck(refused, 'code'), [1, 1, 1])
    for (const { err } of refused) said(err.replaceAll(url, 'URL'))
    const ended = new Promise((done) => worker.child.on('close', done))
    worker.child.kill('SIGTERM')
    assert.is(await ended, 0)
    await until(statuses, (found) => found === 'comfyui-1 idle,gpu-2 stopped')
    for (const path of ['health', 'queue']) {
      const { data }: { data: any[] } = await (await fetch(`${url}/api/v1/comfy/${path}`, { headers })).json()
      assert.equal(pluck(data.slice(0, 2), 'reason'), [undefined, 'does not answer'], path)
    }
  } finally {
    await distant.stop()
  }
})

test('pause, resume and queue cancel: a server takes no runs, and a stop says what is left', async () => {
  const data = join(folder, 'data')
  const start = async () => {
    const { child, out } = await serve('--json', '--data', data)
    const { url, apiKey } = JSON.parse(out)
    const headers = { 'x-api-key': apiKey }
    const get = async (path: string, method = 'GET'): Promise<any> =>
      (await (await fetch(`${url}/api/v1/${path}`, { method, headers })).json()).data
    return { child, get, flags: ['--gateway', url, '--key', apiKey] }
  }
  const { child, get, flags } = await start()
  const ask = (...args: string[]) => run(args)
  const reasonsOf = (servers: any[]) => servers.map(({ reason }) => reason)
  const paused = await ask('pause', 'comfyui-1', ...flags)
  assert.equal([paused.code, paused.out], [0, 'comfyui-1 ends its run, and takes no other\n'])
  for (const path of ['health', 'queue']) assert.is(reasonsOf(await get(`comfy/${path}`))[0], 'paused', path)
  const { run_id } = await get('runs?workflow_id=slow', 'POST')
  for (const args of [
    ['pause', 'gpu-3', ...flags],
    ['resume', 'comfyui-1', ...flags.slice(0, 3), CANARY],
    ['resume', 'comfyui-1', '--gateway', 'http://127.0.0.1:9', '--key', CANARY],
  ]) {
    const { code, err, out } = await ask(...args)
    assert.equal([code, out], [1, ''], args.join(' '))
    assertNoCanary(err)
    said(err.trim().replaceAll(flags[1]!, 'URL'))
  }
  let log = ''
  child.stderr!.on('data', (part) => {
    log += part
  })
  const ended = new Promise((done) => child.on('close', done))
  child.kill('SIGTERM')
  assert.is(await ended, 0)
  assert.match(log, /^1 run waits$/m)
  for (const [dir, code, said] of [
    [data, 0, 'Cancelled: 1. Sent before, and not touched: 0\n'],
    [data, 0, 'Cancelled: 0. Sent before, and not touched: 0\n'],
    [folder, 1, ''],
  ] as const) {
    const cancelled = await ask('queue', 'cancel', dir)
    assert.equal([cancelled.code, cancelled.out], [code, said], cancelled.err)
  }
  const again = await start()
  assert.is((await again.get(`runs/${run_id}`)).status, 'cancelled')
  await until(
    async () => reasonsOf(await again.get('comfy/health')).join(),
    (reasons) => reasons === 'paused',
  )
  const { out } = await ask('resume', 'comfyui-1', ...again.flags)
  assert.is(out, 'comfyui-1 takes runs again\n')
  const { run_id: next } = await again.get('runs?workflow_id=slow', 'POST')
  await until(
    () => again.get(`runs/${next}`),
    ({ status }) => status === 'completed',
  )
  const counts = { completed: 1, failed: 0, cancelled: 1 }
  const rows: any[] = await again.get('usage')
  assert.equal(
    rows.map(({ day: _, gpu_seconds, ...row }) => [row, gpu_seconds > 0]),
    [[{ key: null, workflow_id: 'slow', ...counts }, true]],
  )
})

test('a folder is refused if it has runs that a gateway with these flags does not show', async () => {
  const at = (name: string): string => join(folder, name)
  const queue = ofQueue(folderQueue({ folder: at('level') }))
  await queue.open(() => {})
  await queue.close()
  await mkdir(at('before'))
  await writeFile(at('before/queue.jsonl'), '')
  await folderFiles(at('redis')).put('in', 'r', 'a.png', bytes('x'))
  const ways: [flags: object, refused: string[]][] = [
    [{}, ['redis']],
    [{ redis: 'redis://a' }, ['level', 'before']],
  ]
  for (const [flags, refused] of ways) {
    const found = ['none', 'level', 'before', 'redis'].filter((name) => {
      try {
        checkFolder(flags as never, at(name))
        return false
      } catch (error) {
        said((error as Error).message.replaceAll(folder, 'FOLDER'))
        return (error as Error).name === 'UsageError'
      }
    })
    assert.equal(found, refused)
  }
  // What may be another gateway's is only said.
  const before = process.env.XDG_DATA_HOME
  process.env.XDG_DATA_HOME = folder
  try {
    assert.equal(notesOn(false), [])
    await cp(at('level'), at('flowscale-gateway/queue'), { recursive: true })
    for (const note of notesOn(false)) said(note.replaceAll(folder, 'FOLDER'))
    assert.is(notesOn(true).length, 0)
    assert.is(notesOn(false).length, process.platform === 'linux' ? 1 : 0)
  } finally {
    if (before === undefined) delete process.env.XDG_DATA_HOME
    else process.env.XDG_DATA_HOME = before
  }
})

test('names of files and nodes can neither move the cursor nor forge a line', async () => {
  const evil = 'a\u001b[2J\n  key     forged\u009b\u202e'
  const file = join(workflows, `${evil}.json`)
  const graph = JSON.parse(await readFile(join(workflows, 'text-to-image.json'), 'utf8'))
  for (const node of Object.values<any>(graph)) node._meta = { title: evil }
  await writeFile(file, JSON.stringify(graph))
  const broken = join(workflows, `${evil}-2.json`)
  await writeFile(broken, JSON.stringify({ nodes: [{ id: 7, type: evil }], links: [] }))
  const started = ['--comfyui', comfy.url, '--workflows', workflows, '--port', '0']
  const texts = await Promise.all([
    run(started, /curl .*\n/),
    run([...started, '--json'], /\n$/),
    run(['inspect', file, '--comfyui', comfy.url]),
    run(['convert', file, '--comfyui', comfy.url]),
    run(['convert', broken, '--comfyui', comfy.url]),
  ])
  for (const { out, err } of texts) {
    assert.match(out + err, /forged(\\x9b\\u202e|\\u009b\\u202e)/)
    assert.not.match(out + err, /(?!\n)[\p{Cc}\p{Bidi_Control}]|^ {2}key {5}forged/mu)
  }
  assert.equal(JSON.parse(texts[3]!.out)['3']._meta, { title: evil })
  assert.ok(JSON.parse(texts[1]!.out).workflows.some(({ id }: any) => id === evil))
})

test('--no-key makes no key and keeps none; links are signed with a secret that nobody knows', async () => {
  const data = join(folder, 'data')
  const { url, apiKey } = JSON.parse((await serve('--json', '--no-key', '--data', data)).out)
  assert.is(apiKey, null)
  assert.not.ok((await readdir(data)).includes('api-key'))
  const path = '/generations/r/a.png'
  const expires = Date.now() + 60_000
  const signature = await createSign('')(`${path}\n${expires}`)
  const answer = await fetch(`${url}${path}?expires=${expires}&signature=${signature}`)
  assert.match(await answer.text(), /SignatureDoesNotMatch/)
})

test('--log json: each line is an object without a key; --metrics-port has figures, and nothing else', async () => {
  const args = ['--log', 'json', '--metrics-port', '0', '--api-key', CANARY, '--max-waiting', '9']
  const { child, out } = await serve(...args, '--data', join(folder, 'data'))
  let text = out
  child.stdout!.on('data', (part) => {
    text += part
  })
  const lines = () =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const { url, metricsUrl, level, message } = lines()[0]
  assert.equal([level, message], ['info', 'The gateway is running'])
  const headers = { 'x-api-key': CANARY }
  const start = await fetch(`${url}/api/v1/workflows/text-to-image/runs`, { method: 'POST', headers })
  const { run_id: id } = (await start.json()).data
  await until(() => /Run ended.*\n$/.test(text))
  const { time, run, workflowId, server, end, waitedMs, ranMs } = lines().find((one) => one.run)
  assert.equal([run, workflowId, server, end], [id, 'text-to-image', 'comfyui-1', 'completed'])
  assert.ok(waitedMs >= 0 && ranMs >= 0 && Date.parse(time) > 0)
  const { method, path, status } = lines().find((one) => one.method)
  assert.equal([method, path, status], ['POST', '/api/v1/workflows/text-to-image/runs', 200])
  assert.not.match(text, CANARY)
  const figures = await (await fetch(`${metricsUrl}/metrics`)).text()
  assert.match(figures, 'flowscale_runs_total{workflow="text-to-image",key="",end="completed"} 1')
  assert.is((await fetch(`${url}/metrics`)).status, 401)
  assert.equal([(await fetch(metricsUrl)).status, (await fetch(`${url}/readyz`)).status], [404, 200])
})

test('a ComfyUI that is away is said, and the gateway waits for it', async () => {
  const args = ['--workflows', workflows, '--port', '0', '--no-key', '--json']
  const { out } = await run(['--comfyui', 'http://127.0.0.1:9', ...args], /\n$/)
  const { url, servers, workflows: listed } = JSON.parse(out)
  assert.is(servers[0].answers, false)
  assert.match(servers[0].about, /^http:\/\/127\.0\.0\.1:9 does not answer \(.*\): start ComfyUI, or correct/)
  assert.ok(listed.length > 3)
  const response = await fetch(`${url}/api/v1/comfy/workflows`)
  assert.is(response.status, 503)
  assert.ok(Number(response.headers.get('retry-after')) > 0)
})

test('an address without http://, and one of a server that is not ComfyUI', async () => {
  const { url, servers } = JSON.parse((await serve('--json', '--no-key')).out)
  assert.is(servers[0].answers, true)
  const bare = ['--comfyui', new URL(url).host, '--workflows', workflows, '--port', '0', '--no-key']
  const { out, err } = await run(bare, /Workflows\n/)
  assert.match(out, `server  ComfyUI: ${url} answers, but is not ComfyUI: correct the address of ComfyUI\n`)
  assert.not.match(err + out, 'Warning')
})

test('webhooks: an address in a file, hosts, and the secret of a gateway that runs', async () => {
  const { received: heard, ...receiver } = closeLater(await receiveWebhooks())
  const [data, file] = [join(folder, 'data'), join(folder, 'address')]
  await writeFile(file, `${receiver.url}/all?token=${CANARY}\n`)
  const hosts = `hooks.test,${new URL(receiver.url).host}`
  const server = await serve('--json', '--data', data, '--webhook', `@${file}`, '--webhook-hosts', hosts)
  const { url, apiKey } = JSON.parse(server.out)
  const hook = encodeURIComponent(`${receiver.url}/mine`)
  const started = await fetch(`${url}/api/v1/runs?workflow_id=text-to-image&webhook_url=${hook}`, {
    ...{ method: 'POST', headers: { 'x-api-key': apiKey } },
  })
  assert.is(started.status, 200)
  await until(() => heard.length === 2)
  for (const [path, ...flags] of [['/mine'], ['/all', '--webhook']]) {
    const { out } = await run(['secret', ...flags, '--data', data])
    const event = await verifyWebhook(heard.find((one) => one.url.startsWith(path!))!, out.trim())
    assert.is(event.type, 'run.completed')
  }
  server.child.kill()
  const keys = join(folder, 'keys.json')
  const shop = (await run(['key', 'add', 'shop', '--keys', keys])).out.trim()
  const ofData = ['--data', join(folder, 'named')]
  const byKeys = await serve('--json', ...ofData, '--keys', keys, '--webhook-hosts', hosts)
  const named = encodeURIComponent(`${receiver.url}/named`)
  await fetch(`${JSON.parse(byKeys.out).url}/api/v1/runs?workflow_id=text-to-image&webhook_url=${named}`, {
    ...{ method: 'POST', headers: { 'x-api-key': shop } },
  })
  await until(() => heard.length === 3)
  const ofShop = (await run(['secret', 'shop', ...ofData])).out.trim()
  assert.is((await verifyWebhook(heard[2]!, ofShop)).type, 'run.completed')
  byKeys.child.kill()
  const outs = await Promise.all(
    [[], ['shop'], ['--webhook']].map(async (args) => (await run(['secret', '--api-key', 'k', ...args])).out),
  )
  assert.is(new Set(outs).size, 3)
  const secretFile = join(folder, 'secret')
  const secrets = [makeSecret(), makeSecret(), makeSecret()]
  const webhookSecrets = secrets.map((value, index) => ({ value, until: `${2099 - 40 * index}-01-01` }))
  const entryOf = (name: string, sign: string) => ({ name, sha256: sign.repeat(64) })
  const entries = [{ ...entryOf('shop', 'a'), webhookSecrets }, entryOf('crm', 'b')]
  await writeFile(keys, JSON.stringify(entries), { mode: 0o600 })
  await writeFile(secretFile, `${CANARY}\n`)
  const rest = ['--keys', keys, '--secret', `@${secretFile}`, '--api-key', 'k']
  for (const [args, lines] of [
    [['shop'], secrets.slice(0, 2)],
    [['crm'], await secretsFor(CANARY, { key: 'crm' })],
    [['--webhook'], await secretsFor(CANARY, OPERATOR)],
  ] as const) {
    assert.is((await run(['secret', ...args, ...rest])).out, `${lines}\n`, args.join())
  }
  // The file says it all.
  const ofFile = await run(['secret', 'shop', '--keys', keys, '--data', workflows])
  assert.equal([ofFile.out, ofFile.err], [`${secrets.slice(0, 2)}\n`, ''])
  // A folder that had both: a gateway with --keys takes its secret, any other its key.
  await writeFile(join(data, 'secret'), `${CANARY}\n`)
  for (const [args, of] of [
    [['crm', '--keys', keys], await secretsFor(CANARY, { key: 'crm' })],
    [[], await secretsFor(apiKey, { key: undefined })],
  ] as const)
    assert.is((await run(['secret', ...args, '--data', data])).out, `${of}\n`)
  for (const args of [
    ['secret', 'shop', '--webhook', '--api-key', 'k'],
    ['secret', '--data', workflows],
    ['secret', 'none', ...rest],
    ['secret', '--secret', '@/dev/null'],
    ['--workflows', workflows, '--webhook', 'https://a.test'],
    ['--workflows', workflows, '--data', data, '--webhook', 'http://a.test'],
    ['--workflows', workflows, '--data', data, '--webhook-hosts', 'http://a.test'],
    ['--workflows', workflows, '--data', data, '--webhook', '@none'],
  ]) {
    const { code, err } = await run(args)
    assert.is(code, 2, args.join(' '))
    said(err.trim().replaceAll(folder, 'FOLDER'))
  }
})

test('queue check: what is whole in a folder, and what is not', async () => {
  const data = join(folder, 'data')
  const store = levelStore(join(data, 'queue'))
  await store.open(() => {})
  const ids = Array.from({ length: 30 }, (_, index) => `run/${index}`)
  for (const id of ids) await store.commit(batchOf({ records: { [id]: `the text of ${id}` }, marks: [id] }))
  await store.close()
  const level = join(data, 'queue/queue.level')
  const before = await readdir(level)
  for (const dir of [data, join(data, 'queue')]) {
    const { code, out, err } = await run(['queue', 'check', dir])
    assert.equal([code, out, err], [0, '31 records and 30 marks are whole\n', ''])
  }
  assert.equal(await readdir(level), before)
  const path = join(level, before.find((name) => name.endsWith('.log'))!)
  const bytes = await readFile(path)
  bytes[bytes.indexOf('the text of run/9') + 4]! ^= 1
  await writeFile(path, bytes)
  const { code, out, err } = await run(['queue', 'check', data])
  assert.is(code, 1)
  assert.match(out, /^\d+ records and \d+ marks are whole\n$/)
  assert.match(err, /^\S+\.log: .*\n.*damaged/)
  assert.is((await run(['queue', 'check', workflows])).code, 1)
})

test('key add prints a key once; two at one moment are both kept', async () => {
  const file = join(folder, 'keys.json')
  const added = await Promise.all(
    [
      ['shop', '--workflows', 'slow, text-to-image', '--max-unfinished', '5'],
      ['ops', '--priority', '2', '--admin'],
    ].map((args) => run(['key', 'add', ...args, '--keys', file])),
  )
  const again = await run(['key', 'add', 'shop', '--keys', file])
  const text = await readFile(file, 'utf8')
  for (const { code, out, err } of [...added, again]) {
    assert.is(code, 0)
    assert.match(out, /^fsk_[\w-]{32}\n$/)
    assert.not.ok((text + err).includes(out.trim()))
    said(err.trim().replaceAll(folder, 'FOLDER'))
  }
  assert.equal(
    [...added, again].map(({ err }) => / has (\d+) keys/.exec(err)?.[1]),
    [undefined, undefined, '2'],
  )
  const hashOf = ({ out }: { out: string }) => createHash('sha256').update(out.trim()).digest('hex')
  const shop = { name: 'shop', workflows: ['slow', 'text-to-image'], maxUnfinished: 5 }
  const [first, second, last] = JSON.parse(text)
  const order = first.name === 'shop' ? [first, second] : [second, first]
  assert.equal(
    [...order, last],
    [
      { ...shop, sha256: hashOf(added[0]!) },
      { name: 'ops', priority: 2, admin: true, sha256: hashOf(added[1]!) },
      { ...shop, sha256: hashOf(again) },
    ],
  )
})

test('--keys: no key is shown or kept, and without a queue the secret of links is in the folder of the user', async () => {
  const file = join(folder, 'keys.json')
  await run(['key', 'add', 'shop', '--keys', file])
  const before = process.env.XDG_DATA_HOME
  process.env.XDG_DATA_HOME = folder
  const args = ['--comfyui', comfy.url, '--workflows', workflows, '--port', '0', '--keys', file]
  const { out } = await run(args, /curl .*\n/).finally(() => {
    if (before === undefined) delete process.env.XDG_DATA_HOME
    else process.env.XDG_DATA_HOME = before
  })
  assert.match(out, `  keys    ${file}\n`)
  assert.not.match(out, /^ {2}key /m)
  assert.match(out, 'curl -X POST -H "X-API-KEY: $FLOWSCALE_API_KEY" ')
  if (process.platform !== 'linux') return
  const data = join(folder, 'flowscale-gateway')
  assert.equal(await readdir(data), ['secret'])
  assert.is((await stat(join(data, 'secret'))).mode & 0o777, 0o600)
})

test('inspect prints names and reasons; --write makes the sidecar that gives the same, and overwrites none', async () => {
  const file = join(workflows, 'text-to-image.json')
  const { code, out } = await run(['inspect', file, '--comfyui', comfy.url, '--write'])
  assert.is(code, 0)
  assert.match(out, /prompt +string +default "a lighthouse at dusk" +node 3 "Prompt", default_value/)
  assert.match(out, /result +image +node 9 "Result"/)
  const sidecar = JSON.parse(await readFile(join(workflows, 'text-to-image.flowscale.json'), 'utf8'))
  assert.equal(Object.keys(sidecar.inputs), ['prompt', 'size', 'seed'])
  const again = await run(['inspect', file, '--comfyui', comfy.url])
  assert.match(again.out, /prompt +string .* the sidecar|prompt +string .* sidecar/)
  const path = join(workflows, 'text-to-image.flowscale.json')
  const edited = JSON.stringify({ ...sidecar, name: 'Edited' })
  await writeFile(path, edited)
  const over = await run(['inspect', file, '--comfyui', comfy.url, '--write'])
  assert.is(over.code, 1)
  assert.match(over.err, /text-to-image\.flowscale\.json already exists.* Remove the file/)
  assert.is(await readFile(path, 'utf8'), edited)
})

test('inspect of a folder: each workflow, with the reason where there is none; --write keeps sidecars', async () => {
  const kept = '{"name":"Mine"}'
  await writeFile(join(workflows, 'slow.flowscale.json'), kept)
  const { code, out, err } = await run(['inspect', workflows, '--comfyui', comfy.url, '--write'])
  assert.equal([code, out.match(/^Inputs$/gm)?.length], [1, 6])
  assert.match(out, /^slow \(Mine\)\n\nInputs$/m)
  assert.match(err, /^example\.png is a PNG picture without a workflow inside\n.*: 1 of 7 files in /)
  const files = await readdir(workflows)
  assert.is(files.filter((file) => file.endsWith('.flowscale.json')).length, 6)
  assert.is(await readFile(join(workflows, 'slow.flowscale.json'), 'utf8'), kept)
  await rm(join(workflows, 'example.png'))
  const again = await run(['inspect', workflows, '--comfyui', comfy.url])
  assert.equal([again.code, again.err], [0, ''])
  await mkdir(join(folder, 'empty'))
  await refuses(1, [['inspect', join(folder, 'empty')]])
})

test('inspect --missing prints the models for a loop of a shell, and those without an address as a sentence', async () => {
  const graph = JSON.parse(await readFile(EDITED, 'utf8'))
  const draw = graph.nodes.find(({ type }: { type: string }) => type === 'TestDrawText')
  const file = join(workflows, 'missing.json')
  const inspect = async (...models: object[]) => {
    draw.widgets_values[3] = 'a b.pt'
    draw.properties.models = models
    await writeFile(file, JSON.stringify(graph))
    return await run(['inspect', file, '--comfyui', comfy.url, '--missing'])
  }
  const url = 'https://example.com/a%20b.pt'
  const { code, out, err } = await inspect({ name: 'a b.pt', directory: 'loras', url })
  assert.equal([code, out, err], [0, `loras/a b.pt\t${url}\n`, ''])
  const loop = `while IFS=$'\\t' read -r file url; do echo "<$file> <$url>"; done`
  assert.is(execFileSync('bash', ['-c', loop], { input: out, encoding: 'utf8' }), `<loras/a b.pt> <${url}>\n`)
  const unknown = await inspect({ name: 'a b.pt', directory: '../loras', url })
  assert.equal([unknown.code, unknown.out], [0, ''])
  assert.match(unknown.err, /^style "a b\.pt" is not on this ComfyUI/)
})

test('the key for partners comes from a private file or the environment, and never from the command line', async () => {
  const paid = await startComfy({ version: '0.8.0', partners: ['TestSleep'] })
  const file = join(folder, 'comfy-key')
  await writeFile(file, `${CANARY}\n`, { mode: 0o644 })
  const args = ['--comfyui', paid.url, '--workflows', workflows, '--port', '0']
  const start = (...flags: string[]) => run([...args, '--json', ...flags], /\n$/)
  const problemOf = ({ out }: { out: string }): string | null =>
    JSON.parse(out).workflows.find(({ id }: { id: string }) => id === 'slow').problem
  const told: string[] = []
  async function privateFile(name: string, text: string): Promise<string> {
    await writeFile(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  try {
    const without = await start()
    said(problemOf(without)!)
    assert.match(problemOf(without)!, /COMFY_API_KEY/)
    for (const [flag, wanted] of [
      [CANARY, /@FILE/],
      [`@${file}`, /chmod 600/],
      [`@${join(folder, 'nothing')}`, /no such file/],
      [`@${await privateFile('empty', '')}`, /16 to 1,000/],
      [`@${await privateFile('huge', 'a'.repeat(100_000))}`, /16 to 1,000/],
      [`@${EDITED}`, /chmod 600|16 to 1,000/],
    ] as const) {
      const { code, err } = await run([...args, '--comfy-key', flag])
      assert.match(err, wanted)
      assert.ok(code !== 0)
      told.push(err)
      said(err.replaceAll(folder, 'FOLDER').replaceAll(EDITED, 'FILE'))
    }
    await chmod(file, 0o600)
    const byFile = await start('--comfy-key', `@${file}`)
    const about = await readFile(`/proc/${byFile.child.pid}/cmdline`, 'utf8').catch(() => '')
    process.env.COMFY_API_KEY = CANARY
    const byVariable = await start()
    const worker = await run(['worker', '--gateway', 'http://127.0.0.1:9', '--key', 'k'], /\n$/)
    process.env.COMFY_API_KEY = 'short'
    const wrong = await run(args)
    assert.match(wrong.err, /COMFY_API_KEY, must have/)
    assert.equal([problemOf(byFile), problemOf(byVariable)], [null, null])
    const inspected = await run(['inspect', join(workflows, 'slow.json'), '--comfyui', paid.url])
    assert.match(inspected.out, /Nodes of partners.*\n {2}TestSleep +node \d/)
    for (const { out, err } of [without, byFile, byVariable, worker, wrong, inspected]) told.push(out, err)
    for (const text of [...told, about]) assertNoCanary(text)
  } finally {
    delete process.env.COMFY_API_KEY
    await paid.stop()
  }
})

test('a ComfyUI behind a login: --header, also from a file, and a login in the address', async () => {
  const login = `Basic ${Buffer.from(`me:${CANARY}`).toString('base64')}`
  const locked = await startComfy({ version: '0.8.0', login })
  const file = join(folder, 'headers')
  await writeFile(file, `X-Team:  a: b \r\n\nAuthorization: ${login}\n`)
  const slow = join(workflows, 'slow.json')
  const serving = ['--workflows', workflows, '--port', '0', '--no-key']
  const address = locked.url.replace('//', `//me:${CANARY}@`)
  try {
    for (const args of [
      ['--header', `@${file}`],
      ['--header', `authorization:${login}`, '--header', 'X-Team: c'],
    ]) {
      const { out, err } = await run([...serving, '--comfyui', locked.url, ...args, '--json'], /\n$/)
      assert.is(JSON.parse(out).servers[0].answers, true)
      assertNoCanary(out + err)
      assert.not.match(out + err, login)
    }
    const { out, err } = await run([...serving, '--comfyui', address], /Workflows\n/)
    assert.match(out, 'server  ComfyUI: version 0.8.0')
    assertNoCanary(out + err)
    for (const verb of ['inspect', 'convert']) {
      for (const args of [[locked.url, '--header', `@${file}`], [address]]) {
        assert.is((await run([verb, slow, '--comfyui', ...args])).code, 0)
      }
      await refuses(1, [[verb, slow, '--comfyui', locked.url.replace('//', `//other:${CANARY}@`)]])
    }
  } finally {
    await locked.stop()
  }
})

test('a folder that is empty at first; a picture that is put into it is listed without a restart', async () => {
  const empty = join(folder, 'empty')
  await mkdir(empty)
  const args = ['--comfyui', comfy.url, '--workflows', empty, '--port', '0', '--no-key', '--json']
  const { out } = await run(args, /\n$/)
  const { url, workflows: listed } = JSON.parse(out)
  assert.equal(listed, [])
  const [workflow, prompt] = await Promise.all([
    readFile(EDITED, 'utf8'),
    readFile(join(workflows, 'slow.json'), 'utf8'),
  ])
  await writeFile(join(empty, 'new.png'), pngWith({ workflow: JSON.parse(workflow) }))
  await writeFile(join(empty, 'slow.webp'), prompt)
  const { data } = await until(
    async () => await (await fetch(`${url}/api/v1/comfy/workflows`)).json(),
    ({ data }) => data.length === 2,
  )
  assert.equal(
    data.map(({ id }: { id: string }) => id),
    ['new', 'slow'],
  )
})

test('convert prints the API format, with notes beside it', async () => {
  const { out, code } = await run(['convert', EDITED, '--comfyui', comfy.url])
  const graph = JSON.parse(out)
  assert.equal(
    [code, graph[3].class_type, graph[3].inputs.default_value],
    [0, 'FSLoadText', 'a lighthouse at dusk'],
  )
  const file = join(folder, 'broken.json')
  await writeFile(file, JSON.stringify({ nodes: [{ id: 7, type: 'NoSuchNode' }], links: [] }))
  const failed = await run(['convert', file, '--comfyui', comfy.url])
  assert.equal([failed.code, failed.out], [1, ''])
  assert.match(failed.err, /node 7 \(NoSuchNode\)/)
  for (const [path, why] of [
    [
      'package.json',
      /package\.json: node "name" is a string, not a node of the API format\. In ComfyUI, open /,
    ],
    [workflows, / is a folder: name a file in it\n$/],
  ] as const) {
    const { code, out, err } = await run(['convert', path, '--comfyui', comfy.url])
    assert.equal([code, out], [1, ''])
    assert.match(err, why)
  }
})

test('the curl line sends the texts that are required, or else the first', () => {
  const line = (inputs: Report['workflows'][number]['inputs']): string => {
    const workflow = { id: 'w', inputs, outputs: {}, problem: null }
    const text = banner('http://x.test', null, { servers: [], workflows: [workflow] })
    return /curl .*/.exec(text)![0].replace(/^curl -X POST (.*)'http.*$/, '$1')
  }
  const text = (required: boolean) => ({ kind: 'string' as const, required })
  assert.is(line({ a: text(false), b: text(true), c: text(false) }), "-F 'b=a lighthouse at dusk' ")
  assert.is(line({ a: text(false), sampler: text(false) }), "-F 'a=a lighthouse at dusk' ")
  assert.is(line({ n: { kind: 'number', required: false } }), '')
})

test('a shell takes the curl line, whatever is in the key and the id', () => {
  const workflow = { id: "an artist's", inputs: {}, outputs: {}, problem: null }
  const text = banner('http://x.test', "it's", { servers: [], workflows: [workflow] })
  const script = `curl() { printf '%s\\n' "$@"; }\n${/curl .*/.exec(text)![0]}`
  const words = execFileSync('sh', ['-c', script], { encoding: 'utf8', stdio: 'pipe' }).trim().split('\n')
  assert.equal(words.slice(2), [
    '-H',
    "X-API-KEY: it's",
    "http://x.test/api/v1/runs?workflow_id=an%20artist's",
  ])
})

/** Runs to its end, which is one sentence on stderr. */
async function refuses(expected: number, cases: string[][]) {
  for (const args of cases) {
    const { code, err, out } = await run(args)
    assert.equal([code, out], [expected, ''], args.join(' '))
    assert.match(err, /^flowscale-gateway: .+\n$/, args.join(' '))
    assertNoCanary(err)
    said(err.trim().replaceAll(folder, 'FOLDER'))
  }
}

test('an error in the command line is one sentence, and exit code 2', async () => {
  const file = join(workflows, 'slow.json')
  const serving = ['--workflows', workflows]
  await refuses(2, [
    [],
    [...serving, '--no-key', '--host', '0.0.0.0'],
    [...serving, '--host', '0.0.0.0'],
    [...serving, '--host', '::', '--api-key', CANARY],
    [...serving, '--no-key', '--api-key', CANARY],
    [...serving, '--no-key', '--keys', 'keys.json'],
    [...serving, '--secret', `@${join(folder, 'none')}`],
    [...serving, '--secret', '@/dev/null'],
    ['key', 'add'],
    ['key', 'add', 'a b'],
    ['key', 'add', CANARY],
    ['key', 'add', 'shop', 'crm'],
    ['key', 'add', 'shop', '--workflows', 'a,,b'],
    ['key', 'add', 'shop', '--max-unfinished', '0'],
    ['key', 'add', 'shop', '--priority', '10'],
    ['--keys', 'keys.json', 'key', 'add', 'shop'],
    [...serving, '--comfyui', 'nonsense'],
    [...serving, '--comfyui', 'http://a', '--comfyui', 'http://a/'],
    [...serving, '--public-url', 'nonsense'],
    [...serving, '--keep-days', '0'],
    [...serving, '--log', 'json'],
    [...serving, '--log', 'xml'],
    [...serving, '--max-waiting', '0'],
    [...serving, '--metrics-port', '65536'],
    [...serving, '--files', 's3://bucket'],
    [...serving, '--workers', '--files', 's3://bucket'],
    [...serving, '--workers', '--redirect-links'],
    [...serving, '--worker-key', CANARY],
    [...serving, '--max-workers', '5'],
    [...serving, '--workers', '--max-workers', '0'],
    [...serving, '--redis', 'redis://a', '--api-key', CANARY],
    [...serving, '--redis', 'redis://a', '--data', 'a'],
    [...serving, '--redis', 'redis://a', '--data', 'a', '--api-key', CANARY, '--workers'],
    [...serving, '--redis', `http://:${CANARY}@a`, '--data', 'a', '--api-key', CANARY],
    [...serving, '--comfyui', `http://u:${CANARY}@127.0.0.1:9?`],
    [...serving, '--comfyui', 'http://a', '--comfyui', `http://u:${CANARY}@A/`],
    ...[
      CANARY,
      `Host: ${CANARY}`,
      `a b: ${CANARY}`,
      `x: ${CANARY}ł`,
      'x:',
      `@${join(folder, CANARY)}`,
    ].flatMap((header) => [
      [...serving, '--header', header],
      ['inspect', file, '--header', header],
    ]),
    [`--headers=x: ${CANARY}`],
    ['--workflows', ''],
    ['--workflows', '--json'],
    ['--wrong'],
    ['--workflow', workflows],
    ['serve'],
    ['--port', '-1'],
    ['--dialect', 'x'],
    ['--api-keey', CANARY],
    [`--api-keey=${CANARY}`],
    [`--api-key ${CANARY}`],
    [`--api-key${CANARY}`],
    [`-api-key'\n${CANARY}'`],
    ['--no-key', CANARY],
    ['--api-key', `${CANARY} `],
    ['--api-key', '--no-key'],
    ['inspect'],
    ['inspect', file, file],
    ['inspect', file, '--comfyui', 'ftp://x'],
    ['inspect', file, '--api-key', CANARY],
    ['--comfyui', comfy.url, 'inspect', file],
    ['worker', '--key', CANARY],
    ['worker', '--gateway', 'http://127.0.0.1:9'],
    ['worker', '--gateway', `http://u:${CANARY}@127.0.0.1:9`, '--key', CANARY],
    ['worker', '--gateway', 'http://127.0.0.1:9/path', '--key', CANARY],
    ['worker', '--gateway', 'http://127.0.0.1:9', '--key', `${CANARY} `],
    ['pause', 'gpu-1'],
    ['pause', '--key', CANARY],
    ['resume', 'gpu-1', '--gateway', `http://u:${CANARY}@a`, '--key', CANARY],
    ['queue', 'cancel'],
    ['queue'],
    ['key', 'list'],
    ['key', 'add', 'shop', '--wrong'],
    [...serving, '--data', file],
  ])
})

test('any other failure is one sentence, and exit code 1', async () => {
  const keys = join(folder, 'keys.json')
  await writeFile(keys, JSON.stringify([{ name: 'shop', sha256: CANARY }]), { mode: 0o600 })
  const data = join(folder, 'data')
  for (const file of ['api-key', 'worker-key']) await mkdir(join(data, file), { recursive: true })
  await refuses(1, [
    ['--workflows', workflows, '--data', data],
    ['--workflows', workflows, '--data', data, '--workers'],
    ['--workflows', workflows, '--keys', keys],
    ['--workflows', workflows, '--keys', join(folder, 'none')],
    ['key', 'add', 'shop', '--keys', keys],
    ['--workflows', join(folder, 'none'), '--no-key', '--host', '::1'],
    ['--workflows', join(workflows, 'slow.json')],
    ['inspect', join(workflows, 'slow.json'), '--comfyui', '127.0.0.1:1'],
    ['inspect', join(folder, 'none.json')],
  ])
})

test('an address of another server', async () => {
  const keys: unknown[] = []
  const { url } = closeLater(
    await listen(({ headers }, response) => {
      keys.push(headers['x-api-key'])
      response.writeHead(404).end()
    }),
  )
  const front = closeLater(
    await listen((_request, response) => response.writeHead(307, { location: url }).end()),
  )
  const file = join(workflows, 'slow.json')
  for (const [args, why] of [
    [
      ['inspect', file, '--comfyui', url],
      / is not ComfyUI \(status 404\)\. Pass the address of ComfyUI by --comfyui\.\n$/,
    ],
    [
      ['pause', 'gpu-1', '--key', CANARY, '--gateway', url],
      / answered with 404: it is no gateway, so correct --gateway\n$/,
    ],
    [['pause', 'gpu-1', '--key', CANARY, '--gateway', front.url], / does not answer\. Check --gateway/],
  ] as const) {
    const { code, out, err } = await run([...args])
    assert.equal([code, out], [1, ''])
    assert.match(err, why)
  }
  assert.equal(keys.filter(Boolean), [CANARY], 'a redirect gets no key')
})

test('a port in use is one sentence, which names the way out', async () => {
  const { port } = new URL(comfy.url)
  const { code, err, out } = await run(['--workflows', workflows, '--comfyui', comfy.url, '--port', port])
  assert.equal([code, out.includes('is running')], [1, false])
  said(err.replace(port, 'PORT'))
  const args = ['--workflows', workflows, '--comfyui', comfy.url, '--port', '0', '--metrics-port', port]
  const metrics = await run(args)
  assert.equal([metrics.code, metrics.out], [1, ''])
  said(metrics.err.replace(port, 'PORT'))
})

test('--help and --version', async () => {
  const help = await run(['--help'])
  assert.equal([help.code, help.err], [0, ''])
  for (const flag of [
    ...[
      'comfyui',
      'header',
      'workflows',
      'data',
      'files',
      'redirect-links',
      'keep-days',
      'workers',
      'worker-key',
      'max-workers',
      'redis',
      'public-url',
      'keys',
      'secret',
      'no-key',
      'port',
      'host',
      'api-key',
      'dialect',
      'json',
    ],
    ...['version', 'help'],
  ]) {
    assert.match(help.out, new RegExp(`--${flag}\\b`))
  }
  for (const preset of ['4188', '127.0.0.1', 'readme', 'http://127.0.0.1:8188'])
    assert.match(help.out, preset)
  assert.match(help.out, /inspect .*<path>/)
  assert.match((await run(['worker', '--help'])).out, /--gateway <url>.*--key <key>.*--name <name>/s)
  const inspect = await run(['inspect', '--help'])
  assert.match(inspect.out, /--comfyui <url>.*--write/s)
  for (const flag of ['--version', '-v']) assert.match((await run([flag])).out, /^\d+\.\d+\.\d+\n$/)
})
