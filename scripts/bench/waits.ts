// What waiting costs: how long after the end of a run its wait ends, how many requests it makes, and the memory of many runs.
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { quantile } from './figure.ts'
import { type Case, key, runWorker } from './kit.ts'
import { takeTurns } from './measure.mjs'

/** What `waits.mjs` does. */
interface Wait {
  way: string
  runs: number
  /** Runs take between these ms. */
  ms: readonly [number, number]
  isMany?: boolean
}

/** When the end of each run was known. */
interface Told {
  ends: Record<string, number>
  requests: number
  heapMb: number
}

const units = { 'median delay': 'ms', 'p99 delay': 'ms', requests: 'requests', 'heap in use': 'MB' }
type Measure = keyof typeof units

const nap = {
  id: 'nap',
  name: 'Nap',
  description: 'Takes the given ms',
  inputs: { ms: 'number' },
  outputs: { echo: 'file' },
  async run({ ms }: Record<string, unknown>, { sleep }: { sleep(ms: number): Promise<void> }) {
    await sleep(Number(ms))
    return { echo: { data: new TextEncoder().encode(`${ms}`), type: 'text/plain' } }
  },
} as const

/** Plays runs on a FlowScale of its own with a hundred containers. */
async function play(wait: Wait, folder?: string): Promise<Record<Measure, number>> {
  const emulator = createEmulator({ apiKey: key, containers: 100, maxRuns: 20_000, workflows: [nap] })
  const ended: Record<string, number> = {}
  emulator.watch(({ run_id, status }) => {
    if (status === 'completed') ended[run_id] = performance.timeOrigin + performance.now()
  })
  const server = await serve(emulator)
  try {
    const options = { ...wait, url: server.url, key, folder }
    const { ends, requests, heapMb } = await runWorker<Told>('waits.mjs', options)
    const delays = Object.entries(ends).map(([runId, at]) => at - ended[runId]!)
    if (delays.length !== wait.runs) throw new Error(`${delays.length} of ${wait.runs} runs ended`)
    const [median, p99] = [quantile(delays, 0.5), quantile(delays, 0.99)]
    return { 'median delay': median, 'p99 delay': p99, requests, 'heap in use': heapMb }
  } finally {
    await server.close()
    emulator.close()
  }
}

const floors: Record<string, ReturnType<typeof play>> = {}
/** All ways of waiting for the same runs are compared with the same bare polls. */
function floorOf(wait: Wait): ReturnType<typeof play> {
  const bare = { ...wait, way: 'bare' }
  const name = JSON.stringify(bare)
  floors[name] ??= play(bare)
  return floors[name]
}

function waitCase(part: string, name: string, wait: Wait, measures: readonly Measure[]): Case {
  return {
    part,
    rows: measures.map((measure) => `${name}: ${measure}`),
    isVariant: wait.runs > 100 && wait.way !== 'watcher with push',
    async run({ clones, isShort }) {
      const shown: Wait = isShort ? { ...wait, runs: 5, ms: [50, 90] } : wait
      const measure = (folder: string) => (folder ? play(shown, folder) : floorOf(shown))
      const { samples, missing } = await takeTurns({ floor: '', ...clones }, measure, { rounds: 1 })
      return measures.map((measure) => ({
        name: `${name}: ${measure}`,
        unit: units[measure],
        samples: samples[measure],
        floor: 'a bare fetch each second',
        missing,
      }))
    },
  }
}

const atOnce = (runs: number, ms: Wait['ms'], delay: Measure, ways: readonly string[]): Case[] =>
  ways.map((way) => {
    const part = way.includes('push') ? 'push' : 'waits'
    return waitCase(part, `${runs} waits, ${way}`, { way, runs, ms }, [delay, 'requests'])
  })

export const waits: Case[] = [
  ...atOnce(50, [2000, 5000], 'median delay', ['polls', 'watcher', 'push by WebSocket', 'push by events']),
  ...atOnce(1000, [300, 900], 'p99 delay', ['polls', 'watcher', 'push by WebSocket', 'watcher with push']),
  ...[1000, 10_000].map((runs) => {
    const ms: Wait['ms'] = runs > 1000 ? [100, 300] : [300, 900]
    const wait: Wait = { way: 'executeMany', runs, ms, isMany: true }
    return waitCase('many', `executeMany of ${runs} runs`, wait, ['p99 delay', 'requests', 'heap in use'])
  }),
]
