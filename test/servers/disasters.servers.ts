// What goes wrong between a client, a gateway and a ComfyUI: every run ends known, and none is executed twice. All goes on
// at the same time, since most of it is waiting.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@flowscale/client'
import { suite } from '#test'
import type { Fault } from '../comfyui/server/types.ts'
import type { ComfyVersion } from '../comfyui/server/versions.ts'
import { CANARY } from '../support/canary.ts'
import { createLimit } from '../support/createLimit.ts'
import { freePort } from '../support/freePort.ts'
import { LATER, startGateway, startSmallComfy } from '../support/startProcess.ts'
import { addUp, judge, lineOf } from './lib/judge.ts'
import { playFault } from './lib/playFault.ts'
import { readLedger } from './lib/readLedger.ts'
import { settleAll } from './lib/settleAll.ts'
import { submitAll } from './lib/submitAll.ts'

const versions: readonly ComfyVersion[] = ['0.3.64', '0.8.0']
const COUNT = 200
const groupId = 'disaster'
const seeds = Array.from({ length: COUNT }, (_, seed) => ({ seed }))
const test = suite('gateway disasters')

function report(what: string, { figures, problems }: ReturnType<typeof judge>): void {
  console.log(`[show] ${what}: ${lineOf(figures)}`)
  if (problems.length) throw new Error(problems.join('\n'))
}

interface Place {
  readonly comfyFlags: readonly string[]
  readonly gatewayFlags: readonly string[]
  readonly ledger: string
  readonly client: ReturnType<typeof createClient>
}

async function withPlace(version: ComfyVersion, use: (place: Place) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'disasters-'))
  const [comfyPort, port] = [await freePort(), await freePort()]
  const ledger = join(folder, 'ledger')
  try {
    await use({
      comfyFlags: [
        '--version',
        version,
        '--port',
        comfyPort,
        '--folder',
        join(folder, 'comfy'),
        '--ledger',
        ledger,
      ],
      gatewayFlags: ['--port', port, '--api-key', CANARY],
      ledger,
      client: createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: CANARY, retryDelayMs: 100 }),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function executedBy(ledger: string, count: number): Promise<void> {
  while (readLedger(ledger).length < count) await wait(50)
}

async function killGateway(version: ComfyVersion): Promise<void> {
  await withPlace(version, async ({ comfyFlags, gatewayFlags, ledger, client }) => {
    const comfy = await startSmallComfy(...comfyFlags)
    const start = (...more: string[]) =>
      startGateway(comfy.told.url, 'test/servers/disasters', gatewayFlags, ...more)
    const first = await start()
    const submitting = submitAll(client, 'brief', seeds, groupId)
    await executedBy(ledger, COUNT / 4)
    await first.kill()
    await wait(300)
    const second = await start(...LATER)
    try {
      const submitted = await submitting
      const ends = await settleAll(client, groupId, submitted.ids, 1000)
      report(`${version}, gateway killed`, judge(submitted, ends, readLedger(ledger)))
    } finally {
      await Promise.all([second.kill(), comfy.kill()])
    }
  })
}

async function killComfy(version: ComfyVersion): Promise<void> {
  await withPlace(version, async ({ comfyFlags, gatewayFlags, ledger, client }) => {
    const first = await startSmallComfy(...comfyFlags)
    const gateway = await startGateway(first.told.url, 'test/servers/disasters', gatewayFlags)
    const submitting = submitAll(client, 'brief', seeds, groupId)
    await executedBy(ledger, COUNT / 4)
    await first.kill()
    await wait(300)
    const second = await startSmallComfy(...comfyFlags)
    try {
      const submitted = await submitting
      const ends = await settleAll(client, groupId, submitted.ids, 1000)
      report(`${version}, ComfyUI killed`, judge(submitted, ends, readLedger(ledger)))
    } finally {
      await Promise.all([second.kill(), gateway.kill()])
    }
  })
}

/** The routes that change something: of the others an answer that is lost is as good as none. */
const CHANGING = [
  'POST /prompt',
  'POST /upload/image',
  'POST /userdata',
  'DELETE /userdata',
  'POST /queue',
  'POST /interrupt',
]
const ROUTES = [
  ...CHANGING,
  'GET /queue',
  'GET /history',
  'GET /object_info',
  'GET /userdata',
  'GET /system_stats',
]
/** What a server does that is slow, hangs, loses its connections or is not ComfyUI. */
const KINDS: readonly [fault: Omit<Fault, 'on'>, routes: readonly string[]][] = [
  [{ do: 'hang-before', times: 1 }, ROUTES],
  [{ do: 'hang-after', times: 1 }, CHANGING],
  [{ do: 'reset-before', times: 3 }, ROUTES],
  [{ do: 'reset-after', times: 3 }, CHANGING],
  [{ do: 'slow', ms: 300 }, ROUTES],
  [{ do: 'status', status: 500, times: 3 }, ROUTES],
  [{ do: 'html', times: 3 }, ROUTES],
  [{ do: 'nonsense', times: 3 }, ROUTES],
]

/** What is long waits, and does no work; only its beginning is work. */
let long = 0
const limit = createLimit(16)

/** One fault on each route in turn. */
async function playKind(
  version: ComfyVersion,
  kind: Omit<Fault, 'on'>,
  routes: readonly string[],
): Promise<void> {
  const plays = routes.map(async (on) => {
    const play = () => playFault(version, { ...kind, on })
    const isLong = kind.do.startsWith('hang') || on === 'POST /prompt'
    if (isLong) await wait(75 * long++)
    const { figures, problems } = await (isLong ? play() : limit(play))
    return { figures, problems: problems.map((problem) => `${on}: ${problem}`) }
  })
  const all = await Promise.all(plays)
  report(`${version}, ${kind.do} on each of ${routes.length} routes`, {
    figures: addUp(all.map(({ figures }) => figures)),
    problems: all.flatMap(({ problems }) => problems),
  })
}

const parts = versions.flatMap((version): [string, Promise<void>][] => [
  [`${version}: the gateway is killed in the middle of ${COUNT} runs`, killGateway(version)],
  [`${version}: ComfyUI is killed in the middle of ${COUNT} runs`, killComfy(version)],
  ...KINDS.map(([kind, routes]): [string, Promise<void>] => [
    `${version}: ${kind.do} on each route in turn`,
    playKind(version, kind, routes),
  ]),
])
for (const [name, part] of parts) {
  // Its turn to be told of comes later.
  part.catch(() => {})
  test(name, () => part)
}
