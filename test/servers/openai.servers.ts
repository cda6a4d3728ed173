// OpenAI's own clients, unmodified: what they get, and that each call starts one run, though they send requests again.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createEmulator, type FaultKind, type WorkflowDefinition } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { ensure, root } from '../../scripts/lib/ensure.mjs'
import { runCommand } from '../../scripts/test/runFile.ts'
import { blockOf } from '../support/blockOf.ts'
import { CANARY } from '../support/canary.ts'
import { closeAll, closeLater } from '../support/closeLater.ts'
import { rejection } from '../support/fakes.ts'
import { createRandom } from '../support/random.ts'

ensure('scripts/bench/peers', 'python3-openai')
const PACKAGE = join(root, 'scripts/bench/peers/node_modules/openai/index.mjs')
const { default: OpenAI, toFile } = await import(PACKAGE)

const test = suite("clients of OpenAI's image API")
test.after.each(closeAll)
const CALLS = process.env.LONG ? 500 : 150
const AT_ONCE = 50
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47])
const BASE64 = 'iVBORw=='
const FAULTS: FaultKind[] = [
  ...(['refused', 'reset-early', 'reset-late', 'reset-midway', 'hang-early', 'hang-late'] as const),
  ...(['http-408', 'http-429-seconds', 'http-500', 'http-502-html', 'http-503-early'] as const),
  ...(['http-503-late', 'http-504', 'truncated'] as const),
]

const quick: WorkflowDefinition = {
  id: 'quick',
  name: 'Quick',
  description: '',
  inputs: { prompt: 'string', image: { kind: 'image', required: false } },
  outputs: { image: 'image' },
  async run({ prompt }, { sleep }) {
    // Longer than the client of the last case waits.
    await sleep(prompt === 'late' ? 1500 : 50)
    if (String(prompt).startsWith('bad')) throw new Error('out of memory')
    return { image: { data: PNG, type: 'image/png' } }
  },
}

async function open(faults?: object) {
  const emulator = createEmulator({
    apiKey: CANARY,
    containers: 20,
    maxRuns: 5_000,
    workflows: [quick],
    faults,
  })
  const server = closeLater(await serve(emulator))
  return { emulator, server, baseURL: `${server.url}/v1` }
}

test('generate, edit, stream and fail, from JavaScript', async () => {
  const { emulator, baseURL } = await open()
  const openai = new OpenAI({ apiKey: CANARY, baseURL })
  const cat = { model: 'quick', prompt: 'a cat' }
  assert.ok((await openai.models.list()).data.some(({ id }: { id: string }) => id === 'quick'))
  assert.is((await openai.images.generate(cat)).data[0].b64_json, BASE64)
  const link = (await openai.images.generate({ ...cat, response_format: 'url' })).data[0].url
  assert.equal(new Uint8Array(await (await fetch(link)).arrayBuffer()), PNG)
  const image = await toFile(PNG, 'a.png', { type: 'image/png' })
  assert.is((await openai.images.edit({ ...cat, image })).data[0].b64_json, BASE64)
  const types: string[] = []
  for await (const { type } of await openai.images.generate({ ...cat, stream: true })) types.push(type)
  assert.equal(types, ['image_generation.completed'])
  for (const more of [{}, { stream: true }]) {
    const error = await rejection(
      (async () => {
        for await (const _ of await openai.images.generate({ model: 'quick', prompt: 'bad', ...more }));
      })(),
    )
    assert.match(error.message, 'out of memory')
  }
  // None of the six was sent again.
  assert.is(emulator.ledger.runs.length, 6)
  assert.equal(emulator.ledger.keys.elsewhere, {})
})

test(`${CALLS} calls with broken connections, refusals and time-outs start one run each at most`, async () => {
  const random = createRandom(7)
  const { emulator, server, baseURL } = await open({
    chance: 0.4,
    operations: ['executeWorkflow'],
    kinds: FAULTS,
  })
  const calls = new Map<string, number>()
  const answers = new Map<string, number>()
  const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
  const call = async (number: number): Promise<void> => {
    const prompt = `${random() < 0.2 ? 'bad' : 'good'} ${random() < 0.3 ? 'same' : number}`
    const timeout = random() < 0.3 ? 20 + random() * 500 : 3_000
    const openai = new OpenAI({ apiKey: CANARY, baseURL, timeout, maxRetries: 3 })
    count(calls, prompt)
    await openai.images.generate({ model: 'quick', prompt }).then(
      () => count(answers, prompt),
      () => {},
    )
  }
  for (let at = 0; at < CALLS; at += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => call(at + index)))
  const runs = new Map<string, number>()
  for (const { runId } of emulator.ledger.runs) {
    const headers = { 'x-api-key': CANARY }
    const { data } = await (await fetch(`${server.url}/api/v1/runs/${runId}`, { headers })).json()
    count(runs, data.inputs[0].value)
  }
  for (const [prompt, started] of runs) assert.ok(started <= calls.get(prompt)!, `${prompt}: ${started}`)
  for (const prompt of answers.keys()) assert.ok(runs.has(prompt), prompt)
  const { faults } = emulator.ledger
  for (const kind of ['reset-late', 'http-503-late', 'hang-late'] as const) assert.ok(faults[kind], kind)
})

for (const [label, program, name] of [
  ['node', process.execPath, 'page.mjs'],
  ['python', '/usr/bin/python3', 'page.py'],
] as const) {
  test(`docs/openai.md has two pictures at the end, by ${label}`, async () => {
    const emulator = createEmulator({ speed: 10 })
    const server = closeLater(await serve(emulator))
    const folder = mkdtempSync(join(tmpdir(), 'openai-page-'))
    const code = blockOf('docs/openai.md', label)
      .replaceAll('http://127.0.0.1:4188', server.url)
      .replace("from 'openai'", `from '${pathToFileURL(PACKAGE)}'`)
    writeFileSync(join(folder, name), code)
    const { code: exit, output } = await runCommand(program, [name], { cwd: folder })
    assert.is(exit, 0, output)
    for (const file of ['lighthouse.png', 'oil.png'])
      assert.ok(readFileSync(join(folder, file)).subarray(0, 4).equals(PNG), file)
    assert.is(emulator.stats.runsStarted, 2)
    rmSync(folder, { recursive: true })
  })
}

const PYTHON = `
import base64, io, sys
from openai import OpenAI, BadRequestError
client = OpenAI(api_key=sys.argv[1], base_url=sys.argv[2])
short = client.with_options(timeout=1, max_retries=4)
print([model.id for model in client.models.list().data].count("quick"))
print(client.images.generate(model="quick", prompt="a cat").data[0].b64_json)
image = ("a.png", base64.b64decode("${BASE64}"), "image/png")
print(client.images.edit(model="quick", prompt="a cat", image=image).data[0].b64_json)
try:
    client.images.generate(model="quick", prompt="bad")
except BadRequestError as error:
    print(error.status_code)
print(short.images.generate(model="quick", prompt="late").data[0].b64_json)
`

test('generate, edit, fail and time out, from Python', async () => {
  const { emulator, baseURL } = await open()
  const python = spawn('/usr/bin/python3', ['-c', PYTHON, CANARY, baseURL], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  python.stdout.on('data', (piece) => (said += piece))
  await once(python, 'close')
  assert.equal(said.trim().split('\n'), ['1', BASE64, BASE64, '400', BASE64])
  assert.is(emulator.ledger.runs.length, 4)
})
