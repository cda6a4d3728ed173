// A gateway with a queue, and a worker for each server but the first; or two gateways with a queue in Redis.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Client, checkHealth, createClient, downloadOutput, getRun, type Run } from '@flowscale/client'
import { decode } from 'fast-png'
import { CANARY } from '../support/canary.ts'
import { createLimit } from '../support/createLimit.ts'
import { freePort } from '../support/listen.ts'
import { type Started, startGateway } from '../support/startProcess.ts'
import { until } from '../support/until.ts'
import { type Figures, judge, type SubmittedRuns, settleAll, submitAll } from './runs.ts'

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
  /** With it there are two gateways, to which all workers dial in. */
  readonly redis?: { readonly url: string } | undefined
  /** What else can be killed. */
  readonly others?: readonly Mortal[] | undefined
}

export interface Played {
  readonly figures: Figures
  readonly problems: readonly string[]
  /** How often each process was killed. */
  readonly kills: Readonly<Record<string, number>>
  /** How many outputs were fetched by their links, each seen to be that of its run. */
  readonly links: number
  /** The runs of each workflow. */
  readonly runs: ReadonlyMap<string, readonly string[]>
}

/**
 * Sends runs to a gateway before several servers; the first is its own, the others have a worker that dials in. Meanwhile one
 * process after another is killed, and started again. Then all runs are waited for, and the outputs are fetched and compared.
 */
export async function playCluster(
  { urls, servers, executed, redis, others = [] }: Cluster,
  options: {
    readonly folder: string
    readonly workflows: readonly string[]
    /** Of each workflow. */
    readonly count: number
    readonly groupId: string
    /** From 0 to 1. */
    readonly random: () => number
    readonly kills: number
    readonly pauseMs: number
  },
): Promise<Played> {
  const { folder, workflows, count, groupId, random } = options
  const shared = ['--api-key', CANARY, '--data', folder, '--workers', '--worker-key', WORKER_KEY]
  const ports = await Promise.all(Array.from({ length: redis ? 2 : 1 }, () => freePort()))
  const balancer = redis && (await startBalancer(ports))
  const own = redis ? [] : urls.slice(0, 1)
  const more = redis && balancer ? ['--redis', redis.url, '--public-url', balancer.url] : []
  const gateways = ports.map((port) =>
    mortal('gateway', () => startGateway(own, 'test/servers/cluster', ['--port', port, ...shared, ...more])),
  )
  await Promise.all(gateways.map((gateway) => gateway.start()))
  const url = balancer?.url ?? `http://127.0.0.1:${ports[0]}`
  const workers = urls
    .slice(own.length)
    .map((comfyui, index) => mortalWorker(url, WORKER_KEY, comfyui, `gpu-${index + 1}`))
  await Promise.all(workers.map((worker) => worker.start()))
  const kinds = [gateways, workers, servers, others].filter((kind) => kind.length > 0)
  // What no server has that is known is refused.
  for (const port of ports) {
    const own = createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: CANARY })
    await until(
      async () => (await checkHealth(own)).data.filter(({ status }) => status !== 'stopped').length,
      (count) => count >= urls.length,
    )
  }
  const client = createClient({ baseUrl: url, apiKey: CANARY, retryDelayMs: 100 })
  const kills: Record<string, number> = {}
  try {
    // No two are alike: what is cached is not performed. A real ComfyUI takes no larger ones.
    const step = Math.floor(0xff_ff_ff / (count * workflows.length))
    const parts: Promise<readonly SubmittedRuns[]>[] = []
    // Each process is killed among runs that were just sent.
    const submitPart = (part: number): void => {
      const submitting = workflows.map((workflow, kind) => {
        const colors = Array.from({ length: count }, (_, at) => ({
          color: 1 + (at * workflows.length + kind) * step,
        }))
        const own = colors.filter((_, at) => at % (options.kills + 1) === part)
        return submitAll(client, workflow, own, groupId)
      })
      parts.push(Promise.all(submitting))
    }
    for (let left = options.kills; left >= 0; left--) {
      submitPart(left)
      if (left === 0) break
      await wait(options.pauseMs * (0.5 + random()))
      const kind = kinds[left % kinds.length]!
      const victim = kind[Math.floor(random() * kind.length)]!
      kills[victim.name] = (kills[victim.name] ?? 0) + 1
      await victim.kill()
      await wait(random() * 1_000)
      await victim.start()
    }
    const all = await Promise.all(parts)
    const idsOf = (kind: number): string[] => all.flatMap((part) => part[kind]!.ids)
    const submitted = {
      ids: workflows.flatMap((_, kind) => idsOf(kind)),
      lost: all.flat().reduce((sum, { lost }) => sum + lost, 0),
      refused: all.flat().flatMap(({ refused }) => refused),
    }
    const ends = await settleAll(client, groupId, submitted.ids, 500)
    const { figures, problems } = judge(submitted, ends, await executed())
    const limit = createLimit(8)
    const runs = await Promise.all(
      ends.completed.map((id) => limit(async () => (await getRun(client, id)).data)),
    )
    const wrong = await Promise.all(runs.map((run) => limit(() => checkLink(client, run))))
    return {
      figures,
      problems: [...problems, ...submitted.refused.map(String), ...wrong.flat()],
      kills,
      links: runs.length,
      runs: new Map(workflows.map((workflow, kind) => [workflow, idsOf(kind)])),
    }
  } finally {
    await Promise.all([...gateways, ...workers].map((one) => one.kill()))
    balancer?.close()
  }
}

const WORKER_KEY = 'a-key-of-workers'

/** A process that can be started again. */
export function mortal(name: string, begin: () => Promise<Pick<Started, 'kill'>>): Mortal {
  let started: Pick<Started, 'kill'>
  return {
    name,
    start: async () => (started = await begin()),
    kill: async () => await started.kill(),
  }
}

/** Gives each connection to the next gateway, or to another one if that is away. */
export async function startBalancer(ports: readonly string[]): Promise<{ url: string; close(): void }> {
  let turn = 0
  const server = createServer((caller) => {
    caller.on('error', () => {})
    const first = turn++
    const forward = (left: number): void => {
      if (left === 0) return void caller.destroy()
      const gateway = connect(Number(ports[(first + left) % ports.length]), '127.0.0.1')
      let isOpen = false
      gateway.on('connect', () => {
        isOpen = true
        caller.pipe(gateway).pipe(caller)
      })
      gateway.on('error', () => (isOpen ? caller.destroy() : forward(left - 1)))
      caller.on('close', () => gateway.destroy())
    }
    forward(ports.length)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(Number(port), '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() }
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
