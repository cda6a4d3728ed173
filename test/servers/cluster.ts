// A gateway with a queue, and a worker for each server but the first.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { type Client, createClient, downloadOutput, getRun, type Run } from '@flowscale/client'
import { decode } from 'fast-png'
import { CANARY } from '../support/canary.ts'
import { createLimit } from '../support/createLimit.ts'
import { freePort } from '../support/listen.ts'
import { type Started, startGateway } from '../support/startProcess.ts'
import { type Figures, judge, settleAll, submitAll } from './runs.ts'

/** A process that can be killed, and comes back. */
export interface Mortal {
  readonly name: string
  kill(): Promise<unknown>
  start(): Promise<unknown>
}

export interface Cluster {
  readonly urls: readonly string[]
  /** The servers, if they can be killed. */
  readonly servers: readonly Mortal[]
  /** The runs that were really performed so far. */
  executed(): Promise<readonly string[]>
}

export interface Played {
  readonly figures: Figures
  readonly problems: readonly string[]
  /** How often each process was killed. */
  readonly kills: Readonly<Record<string, number>>
  /** How many outputs were fetched by their links, each seen to be that of its run. */
  readonly links: number
}

/**
 * Sends runs to a gateway before several servers; the first is its own, the others have a worker that dials in. One process
 * after another is killed, and started again. Then all runs are waited for, and the outputs are fetched and compared.
 */
export async function playCluster(
  { urls, servers, executed }: Cluster,
  options: {
    readonly folder: string
    readonly workflow: string
    readonly count: number
    readonly groupId: string
    /** From 0 to 1. */
    readonly random: () => number
    readonly kills: number
    readonly pauseMs: number
  },
): Promise<Played> {
  const { folder, workflow, count, groupId, random } = options
  const port = await freePort()
  const flags = ['--port', port, '--api-key', CANARY, '--data', folder, '--workers']
  let gateway: Started
  const startAgain = async () => {
    gateway = await startGateway(urls.slice(0, 1), 'test/servers/cluster', flags)
  }
  await startAgain()
  const { url, workerKey } = gateway!.told
  const workers = urls
    .slice(1)
    .map((comfyui, index) => mortalWorker(url, workerKey, comfyui, `gpu-${index + 2}`))
  await Promise.all(workers.map((worker) => worker.start()))
  const mortals = [{ name: 'gateway', kill: () => gateway.kill(), start: startAgain }, ...workers, ...servers]
  const client = createClient({ baseUrl: url, apiKey: CANARY, retryDelayMs: 100 })
  const kills: Record<string, number> = {}
  try {
    // No two are alike: what is cached is not performed. A real ComfyUI takes no larger ones.
    const step = Math.floor(0xff_ff_ff / count)
    const colors = Array.from({ length: count }, (_, index) => ({ color: 1 + index * step }))
    const submitting = submitAll(client, workflow, colors, groupId)
    for (let left = options.kills; left > 0; left--) {
      await wait(options.pauseMs * (0.5 + random()))
      const victim = mortals[Math.floor(random() * mortals.length)]!
      kills[victim.name] = (kills[victim.name] ?? 0) + 1
      await victim.kill()
      await wait(random() * 1_000)
      await victim.start()
    }
    const submitted = await submitting
    const ends = await settleAll(client, groupId, submitted.ids, 500)
    const { figures, problems } = judge(submitted, ends, await executed())
    const limit = createLimit(8)
    const runs = await Promise.all(
      ends.completed.map((id) => limit(async () => (await getRun(client, id)).data)),
    )
    const wrong = await Promise.all(runs.map((run) => limit(() => checkLink(client, run))))
    return { figures, problems: [...problems, ...wrong.flat()], kills, links: runs.length }
  } finally {
    await Promise.all([gateway!.kill(), ...workers.map((worker) => worker.kill())])
  }
}

/** The built worker. */
function mortalWorker(gateway: string, key: string, comfyui: string, name: string): Mortal {
  let child: ReturnType<typeof spawn> | undefined
  return {
    name: 'worker',
    async start() {
      const flags = ['--gateway', gateway, '--key', key, '--comfyui', comfyui, '--name', name]
      child = spawn(process.execPath, ['packages/gateway/bin/flowscale-gateway.js', 'worker', ...flags], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout!, 'data')
    },
    async kill() {
      const ended = child!.exitCode === null && once(child!, 'exit')
      child!.kill('SIGKILL')
      await ended
    },
  }
}

/** The picture of a run has the color that was sent with it. */
async function checkLink(client: Client, run: Run): Promise<string[]> {
  const color = run.inputs?.find(({ path }) => path === 'color')?.value
  const response = await downloadOutput(client, run.outputs![0]!)
  const { data } = decode(new Uint8Array(await response.arrayBuffer()))
  const seen = ((data[0]! << 16) | (data[1]! << 8) | data[2]!) >>> 0
  return seen === color ? [] : [`the link of ${run._id} shows ${seen}, not ${color}`]
}

interface Line {
  readonly promptId: string
  readonly node?: string
}

/** Each run that was really performed by a small ComfyUI. */
export function readLedger(file: string): string[] {
  const lines = readFileSync(file, { encoding: 'utf8', flag: 'a+' }).split('\n').filter(Boolean)
  return lines
    .map((line): Line => JSON.parse(line))
    .flatMap(({ promptId, node }) => (node === undefined ? [promptId] : []))
}
