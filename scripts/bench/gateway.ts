// What a gateway costs over ComfyUI itself: the small ComfyUI of the tests and the built command, processes both.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startComfy } from '../../test/comfyui/server/startComfy.ts'
import { moveBig } from '../../test/gateway/lib/moveBig.ts'
import { endedOf, seedRecords } from '../../test/gateway/lib/seedRecords.ts'
import { type Started, startGateway, startSmallComfy } from '../../test/gateway/lib/startProcess.ts'
import { runScript } from '../lib/child.ts'
import { type Figure, median, ratio, round, type Section } from './figure.ts'

const KEY = 'fsk_bench_0123456789'
const FLAGS = ['--port', '0', '--api-key', KEY]
const WORKFLOWS = 'test/gateway/disasters'

interface Raced {
  /** ms of each run, one by one. */
  bare: number[]
  gateway: number[]
}

const memoryOf = ({ pid }: Started): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)])) / 1024

/** Servers and a gateway before them, for as long as `use` takes. */
async function withGateway<T>(
  servers: number,
  use: (gateway: Started, urls: string[]) => Promise<T>,
): Promise<T> {
  const comfies = await Promise.all(Array.from({ length: servers }, () => startSmallComfy()))
  const urls = comfies.map(({ told }) => told.url as string)
  const gateway = await startGateway(urls, WORKFLOWS, FLAGS)
  try {
    return await use(gateway, urls)
  } finally {
    await Promise.all([gateway, ...comfies].map((one) => one.kill()))
  }
}

/** Rounds of runs, by the gateway and by ComfyUI alone in turn: ms of each round. */
const race = (gateway: Started, url: string, seconds: number, runs: number, atOnce: number, rounds: number) =>
  runScript<Raced>(
    'bench/workers/gateway.mjs',
    gateway.told.url,
    url,
    ...[seconds, runs, atOnce, rounds].map(String),
  )

const oneName = 'gateway: a run of 4 ms'
const one: Section = {
  name: 'gateway',
  figures: [oneName],
  async run(say) {
    say(oneName)
    const { bare, gateway } = await withGateway(1, (started, [url]) => race(started, url!, 0.004, 1, 1, 300))
    const more = median(gateway.map((ms, index) => ms - bare[index]!))
    return [
      {
        name: oneName,
        unit: 'ms, from the submission to the file',
        value: round(median(gateway)),
        floor: round(median(bare)),
        peers: {},
        beside: { 'median of the difference, pair by pair': round(more) },
        target: 'at most 4 ms more than ComfyUI alone (median)',
        met: more <= 4,
        note: 'Both poll every 5 ms for the end. The floor is a script that posts to /prompt, polls /history and reads /view.',
      },
    ]
  },
}

function manyAtOnce(name: string, seconds: number, runs: number, rounds: number, least: number): Section {
  return {
    name: 'gateway',
    figures: [name],
    async run(say) {
      say(name)
      const { bare, gateway } = await withGateway(1, (started, [url]) =>
        race(started, url!, seconds, runs, 20, rounds),
      )
      const speed = (ms: number[]): number => round((runs * 1000) / median(ms))
      const share = ratio(bare, gateway)
      return [
        {
          name,
          unit: 'runs/s',
          value: speed(gateway),
          floor: speed(bare),
          ratio: share,
          peers: {},
          target: `at least ${least} of ComfyUI alone`,
          met: share.value >= least,
        },
      ]
    },
  }
}

const threeName = 'gateway: three servers, runs of 100 ms, 20 at once'
const three: Section = {
  name: 'gateway',
  figures: [threeName],
  async run(say) {
    say(threeName)
    const speeds = await Promise.all(
      // One after another would meet different moments of the machine; three servers take a third of the work each.
      [1, 3].map((servers) =>
        withGateway(servers, (started, [url]) => race(started, url!, 0.1, 20 * servers, 20, 4)),
      ),
    )
    const [single, triple] = speeds.map(
      ({ gateway }, index) => (20 * [1, 3][index]! * 1000) / median(gateway),
    )
    const times = triple! / single!
    return [
      {
        name: threeName,
        unit: 'runs/s',
        value: round(triple!),
        floor: round(single!),
        peers: {},
        beside: { 'times one server': round(times) },
        target: 'at least 2.8 times one server',
        met: times >= 2.8,
        note: 'the floor is one server behind the gateway',
      },
    ]
  },
}

const bigName = 'gateway: memory for 1 GB'
const big: Section = {
  name: 'gateway',
  figures: [bigName],
  async run(say) {
    say(bigName)
    const { before, up, down } = await moveBig(1024)
    const most = Math.max(up, down) - before
    return [
      {
        name: bigName,
        unit: 'MB above idle',
        value: round(most),
        floor: 0,
        peers: {},
        beside: { up: round(up - before), down: round(down - before), 'MB when idle': round(before) },
        target: 'at most 100 MB above idle',
        met: most <= 100,
      },
    ]
  },
}

const listName = 'gateway: a page of 100 from 10,000 runs'
const list: Section = {
  name: 'gateway',
  figures: [listName],
  async run(say) {
    say(listName)
    const folder = mkdtempSync(join(tmpdir(), 'bench-comfyui-'))
    const all = Array.from({ length: 10_000 }, (_, index) => endedOf(crypto.randomUUID(), 1.7e12 + index))
    seedRecords(folder, all)
    const comfy = await startSmallComfy('--folder', folder)
    const cold: number[] = []
    const warm: number[] = []
    try {
      for (let round = 0; round < 7; round++) {
        const gateway = await startGateway(comfy.told.url, WORKFLOWS, FLAGS)
        for (const times of [cold, warm]) {
          const start = performance.now()
          const response = await fetch(`${gateway.told.url}/api/v1/runs?page=1&page_size=100`, {
            headers: { 'x-api-key': KEY },
          })
          const { data } = (await response.json()) as { data: { runs: unknown[] } }
          times.push(performance.now() - start)
          if (data.runs.length !== 100) throw new Error(`a page of ${data.runs.length}`)
        }
        await gateway.kill()
      }
    } finally {
      await comfy.kill()
      rmSync(folder, { recursive: true })
    }
    return [
      {
        name: listName,
        unit: 'ms',
        value: round(median(cold)),
        floor: round(median(warm)),
        peers: {},
        target: 'at most 100 ms, the first time after a start',
        met: median(cold) <= 100,
        note: 'the floor is the same page again',
      },
    ]
  },
}

const waitingName = 'gateway: 10,000 clients that wait'
const waiting: Section = {
  name: 'gateway',
  figures: [waitingName],
  async run(say) {
    const figures: Figure[] = []
    say(waitingName)
    const comfy = await startComfy({ version: '0.8.0' })
    const gateway = await startGateway(comfy.url, WORKFLOWS, FLAGS)
    try {
      const idle = memoryOf(gateway)
      const seconds = 20
      const clients = 10_000
      const beside: Record<string, number> = {}
      for (const way of ['events', 'polls']) {
        const before = comfy.requests.length
        const told = await runScript<{ asked: number; open: number; failed: number }>(
          'bench/workers/waiting.mjs',
          gateway.told.url,
          way,
          `${clients}`,
          `${seconds}`,
        )
        beside[`${way}: clients`] = told.open
        beside[`${way}: requests to the gateway`] = told.asked
        beside[`${way}: failed`] = told.failed
        beside[`${way}: requests to ComfyUI`] = comfy.requests.length - before
        beside[`${way}: MB above idle`] = round(memoryOf(gateway) - idle)
        await wait(1000)
      }
      figures.push({
        name: waitingName,
        unit: 'MB above idle',
        value: Math.max(beside['events: MB above idle']!, beside['polls: MB above idle']!),
        floor: 0,
        peers: {},
        beside,
        target: null,
        met: null,
        note: `${clients.toLocaleString('en')} clients wait for 100 runs, for ${seconds} s after the last client has come. In the first round each client reads events. In the second round each polls every 10 s.`,
      })
    } finally {
      await gateway.kill()
      await comfy.stop()
    }
    return figures
  },
}

export const gateway: Section[] = [
  one,
  manyAtOnce('gateway: runs of 4 ms, 20 at once', 0.004, 200, 9, 0.7),
  manyAtOnce('gateway: runs of 100 ms, 20 at once', 0.1, 40, 5, 0.97),
  three,
  list,
  waiting,
  big,
]
