import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  cancelRun,
  createClient,
  getWorkflows,
  isFlowScaleError,
  iterateRuns,
  toFile,
} from '@flowscale/client'
import { readWorkflows } from '@flowscale/gateway/node'
import { suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import type { Fault } from '../comfyui/server/types.ts'
import type { ComfyVersion } from '../comfyui/server/versions.ts'
import { CANARY } from '../support/canary.ts'
import { createLimit } from '../support/createLimit.ts'
import { freePort } from '../support/listen.ts'
import { openGateway } from '../support/openGateway.ts'
import { LATER, startGateway, startSmallComfy } from '../support/startProcess.ts'
import { readLedger } from './cluster.ts'
import { addUp, judge, lineOf, settleAll, submitAll } from './runs.ts'

// What goes wrong between a client, a gateway and a ComfyUI: every run ends known, and none is executed twice. All goes on
// at the same time, since most of it is waiting.

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
  const place = ['--port', comfyPort, '--folder', join(folder, 'comfy'), '--ledger', ledger]
  try {
    await use({
      comfyFlags: ['--version', version, ...place],
      gatewayFlags: ['--port', port, '--api-key', CANARY],
      ledger,
      client: createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: CANARY, retryDelayMs: 100 }),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Kills one of the two in the middle of the runs, and starts it again. */
async function kill(version: ComfyVersion, victim: 'the gateway' | 'ComfyUI'): Promise<void> {
  await withPlace(version, async ({ comfyFlags, gatewayFlags, ledger, client }) => {
    let comfy = await startSmallComfy(...comfyFlags)
    const start = (...more: string[]) =>
      startGateway(comfy.told.url, 'test/servers/disasters', gatewayFlags, ...more)
    let gateway = await start()
    const submitting = submitAll(client, 'brief', seeds, groupId)
    while (readLedger(ledger).length < COUNT / 4) await wait(50)
    await (victim === 'ComfyUI' ? comfy : gateway).kill()
    await wait(300)
    if (victim === 'ComfyUI') comfy = await startSmallComfy(...comfyFlags)
    else gateway = await start(...LATER)
    try {
      const submitted = await submitting
      const ends = await settleAll(client, groupId, submitted.ids, 1000)
      report(`${version}, ${victim} killed`, judge(submitted, ends, readLedger(ledger)))
    } finally {
      await Promise.all([gateway.kill(), comfy.kill()])
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
  ...(['the gateway', 'ComfyUI'] as const).map((victim): [string, Promise<void>] => [
    `${version}: ${victim} is killed in the middle of ${COUNT} runs`,
    kill(version, victim),
  ]),
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

/** A few runs, an upload and a cancel on a server with a fault, in this process. */
export async function playFault(version: ComfyVersion, fault: Fault): Promise<ReturnType<typeof judge>> {
  const comfy = await startComfy({ version })
  const workflows = await readWorkflows('test/servers/disasters')
  const { url, close } = await openGateway(comfy.url, { workflows })
  const client = createClient({ baseUrl: url, apiKey: CANARY, retryDelayMs: 50 })
  try {
    // Else all other faults would come after that of the workflows.
    if (!fault.on.includes('object_info')) await again(() => getWorkflows(client))
    comfy.faults.push({ ...fault })
    const photo = toFile(await readFile('test/comfyui/workflows/example.png'), 'photo.png')
    const submitted = await Promise.all([
      submitAll(client, 'brief', [{ seed: 1, seconds: 600 }], groupId),
      submitAll(client, 'brief', [{ seed: 2 }, { seed: 3 }], groupId),
      submitAll(client, 'copy', [{ photo }], groupId),
    ])
    for (const id of submitted[0].ids) await again(() => cancelRun(client, id))
    // The gateway tries for 5 s to stop a run. On a busy machine that may be too short, or the answer with the id was lost.
    async function cancelLong(): Promise<void> {
      for await (const { _id, inputs } of iterateRuns(client, { groupId }))
        if (JSON.stringify(inputs).includes('600')) await cancelRun(client, _id)
    }
    const cancelAgain = () => void cancelLong().catch(() => {})
    const timer = setInterval(cancelAgain, 10_000)
    const ids = submitted.flatMap((some) => some.ids)
    const ends = await again(() => settleAll(client, groupId, ids, 300)).finally(() => clearInterval(timer))
    const lost = submitted.reduce((sum, some) => sum + some.lost, 0)
    const refused = submitted.flatMap((some) => some.refused)
    const executed = Object.entries(comfy.executed.runs).flatMap(([id, times]) => Array(times).fill(id))
    return judge({ lost, refused }, ends, executed)
  } finally {
    await close()
    await comfy.stop()
  }
}

/** As a caller does that gets a 503. */
async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call()
    } catch (error) {
      // That it is not there is for certain.
      if (tries === 9 || !isFlowScaleError(error) || ('status' in error && error.status === 404)) throw error
      await wait(200)
    }
  }
}
