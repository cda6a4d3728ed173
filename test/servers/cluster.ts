// Two gateways behind a balancer, before several servers.

import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createClient, downloadOutput, getRun, type Run } from '@flowscale/client'
import { decode } from 'fast-png'
import { CANARY } from '../support/canary.ts'
import { createLimit } from '../support/createLimit.ts'
import { freePort, listen } from '../support/listen.ts'
import { LATER, type Started, startGateway } from '../support/startProcess.ts'
import { type Figures, judge, settleAll, submitAll } from './runs.ts'

export interface Servers {
  readonly urls: readonly string[]
  /** The runs that were really performed so far. */
  executed(): Promise<readonly string[]>
  /** What goes wrong in the middle. */
  trouble?(): Promise<void>
}

export interface Played {
  readonly figures: Figures
  readonly problems: readonly string[]
  /** How many outputs were fetched by their links, each seen to be that of its run. */
  readonly links: number
  /** When each of these runs was made, and so its server chosen. */
  readonly chosenAt: ReadonlyMap<string, number>
}

/**
 * Sends runs to two gateways behind a balancer, in front of several servers. In the middle a server has its trouble, and
 * each gateway is killed twice. Then all runs are waited for, and the outputs are fetched and compared.
 */
export async function playCluster(
  { urls, executed, trouble }: Servers,
  { workflow, count, groupId }: { workflow: string; count: number; groupId: string },
): Promise<Played> {
  const ports = [await freePort(), await freePort()]
  const start = (port: string, ...nodeFlags: readonly string[]): Promise<Started> =>
    startGateway(urls, 'test/servers/cluster', ['--port', port, '--api-key', CANARY], ...nodeFlags)
  const gateways = await Promise.all(ports.map((port) => start(port)))
  const balancer = await startBalancer(ports.map((port) => `http://127.0.0.1:${port}`))
  const client = createClient({ baseUrl: balancer.url, apiKey: CANARY, retryDelayMs: 100 })
  const restart = async (index: number, ...nodeFlags: readonly string[]): Promise<void> => {
    await gateways[index]!.kill()
    gateways[index] = await start(ports[index]!, ...nodeFlags)
  }
  try {
    const colors = Array.from({ length: count }, (_, index) => ({ color: 1 + index * 50_021 }))
    let isSubmitting = true
    const submitting = submitAll(client, workflow, colors, groupId).finally(() => {
      isSubmitting = false
    })
    const reach = async (part: number): Promise<void> => {
      while (isSubmitting && (await executed()).length < count * part) await pause()
    }
    await reach(0.05)
    await Promise.all([trouble?.(), restart(0)])
    await reach(0.15)
    await restart(1)
    const submitted = await submitting
    // No run is on its way any more: one that never reached a server may be known at once.
    await Promise.all([restart(0, ...LATER), restart(1, ...LATER)])
    const ends = await settleAll(client, groupId, submitted.ids, 500)
    const { figures, problems } = judge(submitted, ends, await executed())
    const limit = createLimit(8)
    const runs = await Promise.all(
      ends.completed.map((id) => limit(async () => (await getRun(client, id)).data)),
    )
    const wrong = await Promise.all(runs.map((run) => limit(() => checkLink(client, run))))
    return {
      figures,
      problems: [...problems, ...wrong.flat()],
      links: runs.length,
      chosenAt: new Map(runs.map((run) => [run._id, Date.parse(run.created_at!)])),
    }
  } finally {
    await Promise.all([...gateways.map((gateway) => gateway.kill()), balancer.close()])
  }
}

/** The picture of a run has the color that was sent with it. */
async function checkLink(client: ReturnType<typeof createClient>, run: Run): Promise<string[]> {
  const color = run.inputs?.find(({ path }) => path === 'color')?.value
  const response = await downloadOutput(client, run.outputs![0]!)
  const { data } = decode(new Uint8Array(await response.arrayBuffer()))
  const seen = ((data[0]! << 16) | (data[1]! << 8) | data[2]!) >>> 0
  return seen === color ? [] : [`the link of ${run._id} shows ${seen}, not ${color}`]
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

/** Sends requests to each address in turn. Only a connection that is refused is tried elsewhere, as nothing was sent. */
export async function startBalancer(
  urls: readonly string[],
): Promise<{ url: string; close(): Promise<void> }> {
  let turn = 0
  return await listen((incoming, response) => {
    const at = turn++
    const pass = (tries: number): void => {
      const { host } = new URL(urls[(at + tries) % urls.length]!)
      const headers = { ...incoming.headers, host }
      const outgoing = request(
        `http://${host}${incoming.url}`,
        { method: incoming.method!, headers },
        (answer) => {
          response.writeHead(answer.statusCode!, answer.headers)
          answer.pipe(response)
          answer.on('error', () => response.destroy())
        },
      )
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED' && tries + 1 < urls.length) return pass(tries + 1)
        const status = incoming.method === 'POST' ? 429 : 503
        if (error.code === 'ECONNREFUSED')
          return void response.writeHead(status, { 'retry-after': '1' }).end()
        response.destroy()
      })
      outgoing.on('socket', (socket) => {
        const send = (): void => void incoming.pipe(outgoing)
        if (socket.connecting) socket.once('connect', send)
        else send()
      })
    }
    pass(0)
  })
}

/** A run comes into a server's queue, or leaves it; or the server is nobody's choice until it gets a run again. */
export interface Move {
  readonly promptId: string
  readonly way: 'in' | 'out' | 'kill'
  readonly at: number
}

/** By how many runs a queue was longer than the shortest one: how many runs met that, by the number. */
export type Counts = Record<number, number>

/** A gateway reads the queues so long before it writes down that the run was made. */
const READ_MS = 25
/** A server that came back is known to both gateways so long after its first run. */
const BACK_MS = 1_500

/**
 * How much longer than the shortest queue the one was that each run got: as it was chosen, at `chosenAt`, and as the run
 * arrived. Between the two its records are written, runs end, and another gateway may choose the same.
 */
export function measureQueues(
  servers: readonly (readonly Move[])[],
  chosenAt: ReadonlyMap<string, number>,
): { chosen: Counts; arrived: Counts } {
  const moves = servers.flatMap((list, server) => list.map((move) => ({ ...move, server })))
  moves.sort((a, b) => a.at - b.at)
  const states = servers.map(() => ({ length: 0, countsFrom: 0 }))
  const extrasAt = (at: number): number[] => {
    const counted = states.filter(({ countsFrom }) => countsFrom <= at)
    const shortest = Math.min(...counted.map(({ length }) => length))
    return states.map(({ length }) => Math.max(0, length - shortest))
  }
  /** Since when the queues were longer by so much. */
  const history = [{ since: 0, extras: extrasAt(0) }]
  const [chosen, arrived]: Counts[] = [{}, {}]
  for (const { server, promptId, way, at } of moves) {
    const state = states[server]!
    if (way === 'in') {
      const made = chosenAt.get(promptId)
      if (made !== undefined) {
        const from = history.findLastIndex(({ since }) => since <= made - READ_MS)
        const seen = history.slice(Math.max(0, from)).filter(({ since }) => since <= made)
        count(chosen!, Math.min(...seen.map(({ extras }) => extras[server]!)))
      }
      count(arrived!, extrasAt(at)[server]!)
      state.length++
      if (state.countsFrom === Number.POSITIVE_INFINITY) state.countsFrom = at + BACK_MS
    } else if (way === 'out') state.length = Math.max(0, state.length - 1)
    else Object.assign(state, { length: 0, countsFrom: Number.POSITIVE_INFINITY })
    history.push({ since: at, extras: extrasAt(at) })
  }
  return { chosen: chosen!, arrived: arrived! }
}

function count(counts: Counts, extra: number): void {
  counts[extra] = (counts[extra] ?? 0) + 1
}

/** How many runs met a queue that was longer by more than one. */
export function beyondOne(counts: Counts): number {
  return Object.entries(counts).reduce((sum, [extra, runs]) => sum + (Number(extra) > 1 ? runs : 0), 0)
}

interface Line {
  readonly promptId: string
  readonly node?: string
  readonly way?: 'in' | 'out' | 'kill'
  readonly at?: number
}

/** Whatever a small ComfyUI wrote down. */
function readLines(file: string): Line[] {
  return readFileSync(file, { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Each run that is really performed. */
export function readLedger(file: string): string[] {
  return readLines(file).flatMap(({ promptId, node, way }) => ((node ?? way) === undefined ? [promptId] : []))
}

/** Each move of a run in the queue. */
export function readMoves(file: string): Move[] {
  return readLines(file).flatMap(({ promptId, way, at = 0 }) => (way ? [{ promptId, way, at }] : []))
}
