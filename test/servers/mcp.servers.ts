// MCP where all breaks: connections that are cut, processes that are killed, hosts that do not wait. One run a request_key.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient, idempotencyWhereKept, iterateRuns } from '@flowscale/client'
import { createMcp } from '@flowscale/mcp'
import { toNodeHandler } from '@modelcontextprotocol/node'
import Ajv from 'ajv/dist/2020.js'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { fakeFetch, ok } from '../support/fakes.ts'
import { createRandom } from '../support/random.ts'
import { startGateway } from '../support/startProcess.ts'
import { type Connected, openPod, overHttp, overStdio, token } from '../unit/mcp/openPod.ts'

const test = suite('MCP, broken')
const seed = Number(process.env.FLOWSCALE_SEED) || 20_260_728
const random = createRandom(seed)
const CUTS = process.env.LONG ? 200 : 40
const KILLS = process.env.LONG ? 100 : 16

interface Place {
  readonly url: string
  readonly tool: string
  /** How many runs there are. */
  count(): Promise<number>
  close(): Promise<void>
}

async function countRuns(baseUrl: string): Promise<number> {
  let count = 0
  for await (const _ of iterateRuns(createClient({ baseUrl, apiKey: CANARY }), { groupId: 'mcp' })) count++
  return count
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  async 'the emulator'() {
    const { url, emulator, close } = await openPod()
    return { url, close, tool: 'Paint_a_picture', count: async () => emulator.ledger.runs.length }
  },
  async 'a gateway with a queue'() {
    const comfy = await startComfy({ version: '0.8.0', speed: 1000 })
    const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-'))
    const flags = ['--data', folder, '--api-key', CANARY, '--port', '0']
    const { told, stop } = await startGateway(comfy.url, 'test/comfyui/workflows', flags)
    return {
      ...{ url: told.url, tool: 'text-to-image', count: () => countRuns(told.url) },
      async close() {
        await stop()
        await comfy.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}

/** A way to `url` whose connections are cut after some bytes, in either direction. */
async function cutter(url: string): Promise<{ url: string; cuts(): number; heal(): void; close(): void }> {
  let cuts = 0
  let isWhole = false
  const { hostname, port } = new URL(url)
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    let left = isWhole ? Number.POSITIVE_INFINITY : Math.floor(200 + random() * 20_000)
    const end = () => {
      near.destroy()
      far.destroy()
    }
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', end).on('close', end)
      from.on('data', (chunk) => {
        to.write(chunk.subarray(0, left))
        left -= chunk.length
        if (left > 0) return
        cuts++
        end()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    heal: () => {
      isWhole = true
    },
    close: () => server.close(),
  }
}

/** Makes a call until it gives a run, as a host or a model does that got no answer, and gives the id. */
async function insist(open: () => Promise<Connected>, tool: string, args: object): Promise<string> {
  for (let tries = 0; tries < 300; tries++) {
    let host: Connected | undefined
    try {
      host = await open()
      const { runId, isError } = await host.call(tool, args, { timeout: 2000 })
      if (runId && !isError) return runId
    } catch {
      // It was cut.
    } finally {
      await host?.close().catch(() => {})
    }
  }
  throw new Error('the call never came through')
}

// It waits for nearly all of its time: the other cases run meanwhile.
let patient: Promise<void>
test.before(() => {
  patient = waitLong()
  patient.catch(() => {})
})

for (const [name, open] of Object.entries(places)) {
  test(`${CUTS} cut connections before and behind it, on ${name}: one run a key`, async () => {
    const place = await open()
    const behind = await cutter(place.url)
    const client = createClient({
      ...{ baseUrl: behind.url, apiKey: CANARY, retryDelayMs: 1, idempotency: idempotencyWhereKept() },
    })
    const mcp = createMcp(client, { token })
    const handle = toNodeHandler(mcp)
    const server = createHttpServer((request, response) => void handle(request as never, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const before = await cutter(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const distant = (request: Request) =>
      fetch(request.url.replace('http://127.0.0.1:4191', before.url), request)
    const ids: string[] = []
    try {
      let keys = 0
      const play = async () => {
        while (before.cuts() + behind.cuts() < CUTS) {
          const key = keys++
          const args = { prompt: `a fox ${key}`, request_key: `key-of-${seed}-${key}` }
          const reach = () => overHttp({ fetch: distant }, key % 2 ? 'auto' : 'legacy')
          ids.push(await insist(reach, place.tool, args))
        }
      }
      await Promise.all(Array.from({ length: 8 }, play))
      for (const way of [before, behind]) way.heal()
      console.log(`${before.cuts()} cuts before, ${behind.cuts()} behind, ${ids.length} keys`)
      assert.is(new Set(ids).size, ids.length)
      assert.is(await place.count(), ids.length)
    } finally {
      server.closeAllConnections()
      server.close()
      before.close()
      behind.close()
      await place.close()
    }
  })

  test(`${KILLS} kills in the middle of a call, on ${name}: one run a key`, async () => {
    const place = await open()
    const argsOf = (index: number) => ({ prompt: `slow ${index}`, request_key: `key-of-${seed}-${index}` })
    /** The ids that came before the kill. */
    const known = new Map<number, string>()
    let usualMs = 0
    async function killed(index: number): Promise<void> {
      const host = await overStdio(place)
      const begin = performance.now()
      let tookMs = 0
      const called = host.call(place.tool, argsOf(index)).catch(() => undefined)
      void called.then(() => (tookMs = performance.now() - begin))
      await pause(random() * usualMs * 1.2)
      process.kill(host.pid!, 'SIGKILL')
      const told = await called
      if (told) known.set(index, told.runId)
      // A machine gets busy and idle: most kills shall come in the middle nevertheless.
      usualMs = told ? Math.min(usualMs, tookMs) : usualMs * 1.1
      await host.close().catch(() => {})
    }
    async function again(index: number): Promise<void> {
      const id = await insist(() => overStdio(place), place.tool, argsOf(index))
      assert.is(id, known.get(index) ?? id)
    }
    /** Four at a time. */
    const forAll = async (play: (index: number) => Promise<void>) => {
      for (let index = 0; index < KILLS; index += 4)
        await Promise.all([0, 1, 2, 3].map((more) => play(index + more)))
    }
    try {
      const first = await overStdio(place)
      try {
        const begin = performance.now()
        await first.call(place.tool, { prompt: 'slow, to see how long it takes' })
        usualMs = performance.now() - begin
      } finally {
        await first.close()
      }
      await forAll(killed)
      const lost = (await place.count()) - 1 - known.size
      const line = `${known.size} of ${KILLS} calls were answered before the kill, and the answers of ${lost} runs were lost`
      console.log(line)
      assert.ok(lost > 0, line)
      await forAll(again)
      assert.is(await place.count(), KILLS + 1)
    } finally {
      await place.close()
    }
  })
}

async function waitLong(): Promise<void> {
  const pod = await openPod()
  const host = await overStdio(pod)
  try {
    const first = await host.call(
      'Held',
      { prompt: 'slow', request_key: 'key-00000001' },
      { timeout: 60_000 },
    )
    assert.match(first.text, 'It goes on')
    const rest = host.call('wait_run', { run_id: first.runId }, { timeout: 60_000 })
    // The rest of 90 s, after the 45 s of the first call.
    await pause(40_000)
    pod.release()
    const { images, text } = await rest
    assert.match(text, 'completed')
    assert.is(images.length, 1)
    assert.is(pod.emulator.ledger.runs.length, 1)
  } finally {
    await host.close()
    await pod.close()
  }
}

test('a run of 90 s, and a host that cuts at 60 s: no call is cut, and the picture comes', () => patient)

test('2,500 hostile workflows: all are listed, and every schema compiles', async () => {
  const letters = [
    'a',
    'B',
    ' ',
    '_',
    '-',
    '.',
    '"',
    '\\',
    '\u0000',
    '\u2028',
    '\ud800',
    '雪',
    '$',
    '{',
    '<',
    '__proto__',
    'constructor',
  ]
  const word = (most: number) =>
    Array.from(
      { length: Math.floor(random() * most) },
      () => letters[Math.floor(random() * letters.length)],
    ).join('')
  const value = () => [null, word(9), random() * 1e20, -0, true, [], {}, [word(3)]][Math.floor(random() * 8)]
  const kinds = ['string', 'number', 'boolean', 'image', 'file', 'odd', '']
  const flow = (id: number) => {
    const names = Array.from({ length: 8 }, () => word(40))
    const details = () => ({
      ...{
        required: value(),
        array: value(),
        default: value(),
        min: value(),
        max: value(),
        integer: value(),
      },
      ...{ options: random() < 0.5 ? Array.from({ length: Math.floor(random() * 90) }, value) : value() },
      description: word(400),
    })
    return {
      ...{ id: `${id}`, name: word(60), description: word(900), outputs: { out: 'image' } },
      inputs: Object.fromEntries(names.map((name) => [name, kinds[Math.floor(random() * kinds.length)]])),
      input_details: Object.fromEntries(names.map((name) => [name, details()])),
    }
  }
  const workflows = Array.from({ length: 2500 }, (_, index) => flow(index))
  const fetch = fakeFetch(() => ok(workflows))
  const errors: Error[] = []
  const client = createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, fetch })
  const begin = performance.now()
  const { host } = await overHttp(createMcp(client, { token, onError: (error) => errors.push(error) }))
  const { tools } = await host.listTools()
  console.log(`connected and listed in ${Math.round(performance.now() - begin)} ms`)
  assert.equal([tools.length, errors], [2504, []])
  assert.is(new Set(tools.map(({ name }) => name.toLowerCase())).size, 2504)
  const ajv = new Ajv({ strict: true, allErrors: true })
  for (const { name, inputSchema } of tools) {
    assert.match(name, /^[a-zA-Z0-9_-]{1,40}$/)
    for (const key of Object.keys(inputSchema.properties!)) assert.match(key, /^[a-zA-Z0-9_.-]{1,64}$/)
    ajv.compile(inputSchema)
  }
  assert.not.match(JSON.stringify(tools), CANARY)
})
