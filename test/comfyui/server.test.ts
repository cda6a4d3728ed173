import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { assert, suite } from '#test'
import { openSocket } from './replay/bench.ts'
import { quick, sleeping } from './replay/graphs.ts'
import { type Comfy, type ComfyOptions, startComfy } from './server/startComfy.ts'

// What no recording shows: what the tests of the gateway break, and count.

const test = suite('small ComfyUI')
const started: Comfy[] = []
const children = new Set<ChildProcess>()
test.after.each(async () => {
  for (const comfy of started.splice(0)) await comfy.stop()
  for (const child of children) child.kill('SIGKILL')
})

async function start(options: Partial<ComfyOptions> = {}): Promise<Comfy> {
  const comfy = await startComfy({ version: '0.8.0', speed: 20, ...options })
  started.push(comfy)
  return comfy
}

async function post(url: string, path: string, body: unknown): Promise<any> {
  const answer = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
  const text = await answer.text()
  return text && JSON.parse(text)
}

const get = async (url: string, path: string): Promise<any> => (await fetch(url + path)).json()

async function ended(url: string, id: string): Promise<any> {
  for (;;) {
    const entry = (await get(url, `/history/${id}`))[id]
    if (entry) return entry
    await wait(5)
  }
}

const failure = (promise: Promise<unknown>): Promise<boolean> => promise.then(() => false).catch(() => true)

test('an answer that is lost before or after the run was accepted', async () => {
  const { url, faults, executed } = await start()
  faults.push({ on: 'POST /prompt', do: 'reset-before', times: 1 })
  assert.ok(await failure(post(url, '/prompt', { prompt: quick(1), prompt_id: 'before' })))
  faults.push({ on: 'POST /prompt', do: 'reset-after', times: 1 })
  assert.ok(await failure(post(url, '/api/prompt', { prompt: quick(2), prompt_id: 'after' })))
  await ended(url, 'after')
  await post(url, '/prompt', { prompt: quick(3), prompt_id: 'none' })
  await ended(url, 'none')
  assert.equal(executed.runs, { after: 1, none: 1 })
})

test('refusals, pages and nonsense, for the routes that are named', async () => {
  const { url, faults } = await start()
  faults.push({ on: 'POST /userdata/', do: 'status', status: 403 }, { on: 'GET /queue', do: 'html' })
  faults.push({ on: 'GET /history', do: 'nonsense' }, { on: 'GET /prompt', do: 'hang-before' })
  assert.is((await fetch(`${url}/userdata/a.json`, { method: 'POST', body: '{}' })).status, 403)
  assert.is((await fetch(`${url}/userdata/a.json`)).status, 404)
  assert.match(await (await fetch(`${url}/queue`)).text(), '<title>')
  assert.ok(await failure(get(url, '/history')))
  assert.ok(await failure(fetch(`${url}/prompt`, { signal: AbortSignal.timeout(50) })))
  faults.splice(0)
  assert.equal(await get(url, '/queue'), { queue_running: [], queue_pending: [] })
})

test('a kill loses all memory and keeps files and counts', async () => {
  const comfy = await start()
  const { url } = comfy
  const { prompt_id: done } = await post(url, '/prompt', { prompt: quick(1) })
  const { outputs } = await ended(url, done)
  const { prompt_id: cut } = await post(url, '/prompt', { prompt: sleeping(600) })
  while (!comfy.executed.nodes[`${cut}/2`]) await wait(2)
  await comfy.kill()
  assert.ok(await failure(fetch(`${url}/queue`)))
  await comfy.start()
  assert.equal(await get(url, '/history'), {})
  assert.equal(await get(url, '/queue'), { queue_running: [], queue_pending: [] })
  const { filename } = outputs[2].images[0]
  assert.is((await fetch(`${url}/view?filename=${filename}`)).status, 200)
  assert.is((await post(url, '/prompt', { prompt: quick(2) })).number, 0)
  assert.is(comfy.executed.runs[done], 1)
  assert.is(comfy.executed.runs[cut], 1)
})

test('an older server interrupts whatever runs, whichever id is named', async () => {
  const { url, executed } = await start({ globalInterrupt: true })
  const { prompt_id } = await post(url, '/prompt', { prompt: sleeping(600) })
  while (!executed.nodes[`${prompt_id}/2`]) await wait(2)
  await post(url, '/interrupt', { prompt_id: 'another' })
  assert.is((await ended(url, prompt_id)).status.messages.at(-1)[0], 'execution_interrupted')
})

test('a worker that died does not show in system_stats', async () => {
  const comfy = await start()
  comfy.killWorker()
  const { prompt_id } = await post(comfy.url, '/prompt', { prompt: quick(1) })
  await wait(50)
  assert.is((await get(comfy.url, '/system_stats')).system.comfyui_version, '0.8.0')
  assert.equal(await get(comfy.url, `/history/${prompt_id}`), {})
  assert.equal(comfy.executed.runs, {})
})

test('the cache holds the nodes of the last run only', async () => {
  const { url, executed } = await start()
  for (const [id, color] of Object.entries({ a: 1, b: 2, c: 1, d: 1 })) {
    await post(url, '/prompt', { prompt: quick(color), prompt_id: id, client_id: 'x' })
    await ended(url, id)
  }
  assert.equal(executed.runs, { a: 1, b: 1, c: 1, d: 1 })
  assert.is(executed.nodes['c/2'], 1)
  assert.is(executed.nodes['d/2'], undefined)
})

test('values of Python: a wrapped list is a value, and large integers keep their digits', async () => {
  const { url } = await start()
  const text = JSON.stringify({
    prompt: {
      1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 1 } },
      2: {
        class_type: 'TestDrawText',
        inputs: { image: ['1', 0], text: { __value__: ['a', 'b'] }, seed: 'SEED', style: 'plain' },
      },
      3: { class_type: 'PreviewImage', inputs: { images: ['2', 0] } },
    },
    prompt_id: 'p',
  })
  const body = text.replace('"SEED"', '18446744073709551615')
  assert.is((await fetch(`${url}/prompt`, { method: 'POST', body })).status, 200)
  const { prompt } = await ended(url, 'p')
  assert.is(prompt[2][2].inputs.text, "['a', 'b']")
  assert.match(await (await fetch(`${url}/history/p`)).text(), '"seed": 18446744073709551615,')
})

test('at executing null the history entry is there', async () => {
  const { url } = await start()
  const socket = await openSocket(`${url.replace('http', 'ws')}/ws?clientId=x`)
  const heard = (isIt: (message: any) => boolean) => socket.messages.some(({ text }) => text && isIt(text))
  const { prompt_id } = await post(url, '/prompt', { prompt: quick(1), client_id: 'x' })
  while (!heard(({ type, data }) => type === 'executing' && data.node === null)) await wait(1)
  assert.ok(prompt_id in (await get(url, `/history/${prompt_id}`)))
  const order = socket.messages.map(({ text }: any) => text.type)
  assert.equal(order.slice(-3), ['execution_success', 'status', 'executing'])
})

test('a body far above the limit gets its 413 from fetch, too', async () => {
  const { url } = await start({ maxUploadBytes: 1_000_000 })
  const form = new FormData()
  form.append('image', new File([new Uint8Array(30_000_000)], 'big.bin'))
  const answer = await fetch(`${url}/upload/image`, { method: 'POST', body: form })
  assert.is(answer.status, 413)
  assert.is((await fetch(`${url}/queue`)).status, 200)
})

test('as a process of its own it can be killed, and started again on its port', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'small-comfyui-process-'))
  const ledger = join(folder, 'ledger.jsonl')
  const main = fileURLToPath(new URL('server/main.ts', import.meta.url))
  const launch = async (port: string) => {
    const flags = ['--version', '0.3.64', '--port', port, '--folder', folder, '--ledger', ledger]
    const child = spawn(process.execPath, ['--import', 'tsx', main, ...flags], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    children.add(child)
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    return { child, url: JSON.parse(line).url as string }
  }
  const first = await launch('0')
  const { prompt_id } = await post(first.url, '/prompt', { prompt: quick(1) })
  await ended(first.url, prompt_id)
  first.child.stdin.write('[{"on": "GET /queue", "do": "status", "status": 503}]\n')
  while ((await fetch(`${first.url}/queue`)).status !== 503) await wait(5)
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const second = await launch(new URL(first.url).port)
  assert.is(second.url, first.url)
  assert.equal(await get(second.url, '/history'), {})
  assert.ok(existsSync(join(folder, 'output/quick_00001_.png')))
  const lines = readFileSync(ledger, 'utf8').trim().split('\n')
  assert.equal(
    lines.map((line) => JSON.parse(line)),
    [{}, { node: '1' }, { node: '2' }].map((told) => ({ promptId: prompt_id, ...told })),
  )
  second.child.kill('SIGTERM')
  await once(second.child, 'exit')
  rmSync(folder, { recursive: true, force: true })
})
