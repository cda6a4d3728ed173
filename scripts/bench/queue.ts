// A gateway whose ComfyUIs take their runs from its queue: the built command, and small ComfyUIs, processes all.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Started, startGateway, startSmallComfy } from '../../test/support/startProcess.ts'
import { quantile, type Row } from './figure.ts'
import { type Case, key } from './kit.ts'

const headers = { 'x-api-key': key }

/** A gateway with a queue before so many ComfyUIs. */
async function withQueue<T>(
  count: number,
  use: (gateway: Started, urls: string[]) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const comfies = await Promise.all(Array.from({ length: count }, () => startSmallComfy()))
  const urls = comfies.map(({ told }) => told.url)
  const flags = ['--data', folder, '--workers', '--port', '0', '--api-key', key]
  const gateway = await startGateway(urls, 'test/servers/disasters', flags)
  try {
    return await use(gateway, urls)
  } finally {
    await Promise.all([gateway, ...comfies].map((one) => one.kill()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function submit({ told: { url } }: Started, seconds: number, seed: number): Promise<string> {
  const body = new URLSearchParams({ seconds: `${seconds}`, seed: `${seed}` })
  const answer = await fetch(`${url}/api/v1/runs?workflow_id=brief`, { method: 'POST', headers, body })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { data: { run_id: string } }).data.run_id
}

async function ended({ told: { url } }: Started, id: string): Promise<void> {
  const events = await fetch(`${url}/api/v1/runs/${id}/events`, { headers })
  const text = await events.text()
  if (!/^id: completed$/m.test(text)) throw new Error(`run ${id} ended otherwise: ${text.slice(-300)}`)
}

/** The ms of a run, and those of a GPU between two runs. */
async function playRuns(servers: number, runs: number): Promise<{ ms: number; idle: number[] }> {
  return await withQueue(servers, async (gateway, urls) => {
    // The first run of each server loads what it needs.
    await Promise.all(
      Array.from({ length: servers }, async (_, at) => ended(gateway, await submit(gateway, 0.1, at))),
    )
    const start = performance.now()
    const ids = await Promise.all(Array.from({ length: runs }, (_, at) => submit(gateway, 0.1, 100 + at)))
    await Promise.all(ids.map((id) => ended(gateway, id)))
    const ms = (performance.now() - start) / runs
    const idle: number[] = []
    for (const url of urls) {
      const history = (await (await fetch(`${url}/history?max_items=1000`)).json()) as Record<string, any>
      const times = Object.values(history).map(({ status }) => {
        const at = (name: string) => status.messages.find(([type]: [string]) => type === name)[1].timestamp
        return [at('execution_start'), at('execution_success')]
      })
      times.sort((a, b) => a[0] - b[0])
      for (let at = servers + 1; at < times.length; at++) idle.push(times[at]![0] - times[at - 1]![1])
    }
    return { ms, idle }
  })
}

const named = (what: string) => `gateway with a queue: ${what}`
const speed = [
  'idle time of a GPU between runs of 100 ms, median',
  'idle time of a GPU between runs of 100 ms, p95',
  'runs of 100 ms on three ComfyUIs',
].map(named)
const waiting = ['CPU of a submission', 'memory of 10,000 runs that wait', 'a page of 100 of them'].map(named)

const cpuMs = (pid: number): number =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .split(' ')
    .slice(13, 15)
    .reduce((sum, ticks) => sum + Number(ticks) * 10, 0)
const memoryMb = (pid: number): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`])) / 1024
const row = (name: string, unit: string, value: number): Row => ({ name, unit, samples: { client: [value] } })

export const queue: Case[] = [
  {
    part: 'gateway',
    rows: speed,
    async run({ isShort }) {
      const runs = isShort ? 6 : 60
      const one = await playRuns(1, runs)
      const three = await playRuns(3, runs * 3)
      return [
        row(speed[0]!, 'ms', quantile(one.idle, 0.5)),
        row(speed[1]!, 'ms', quantile(one.idle, 0.95)),
        {
          name: speed[2]!,
          unit: 'ms a run',
          samples: { client: [three.ms], floor: [one.ms] },
          floor: 'one ComfyUI',
        },
      ]
    },
  },
  {
    part: 'gateway',
    rows: waiting,
    run: ({ isShort }) =>
      withQueue(1, async (gateway) => {
        const { pid } = gateway
        const count = isShort ? 100 : 10_000
        for (let at = 0; at < 10; at++) await submit(gateway, 600, at)
        // A process that has worked is larger, whatever waits.
        for (let at = 0; at < count / 5; at++) {
          const path = `/api/v1/runs/${await submit(gateway, 600, at)}/cancel`
          await (await fetch(gateway.told.url + path, { method: 'POST', headers })).text()
        }
        const [memory, cpu] = [memoryMb(pid), cpuMs(pid)]
        for (let at = 0; at < count; at += 10)
          await Promise.all(Array.from({ length: 10 }, (_, one) => submit(gateway, 600, 100 + at + one)))
        const spent = (cpuMs(pid) - cpu) / count
        await wait(2_000)
        const more = memoryMb(pid) - memory
        const pages: number[] = []
        for (let at = 0; at < 20; at++) {
          const start = performance.now()
          const url = `${gateway.told.url}/api/v1/runs?page=${1 + at}&page_size=100`
          await (await fetch(url, { headers })).text()
          pages.push(performance.now() - start)
        }
        return [
          row(waiting[0]!, 'ms', spent),
          row(waiting[1]!, 'MB', more),
          row(waiting[2]!, 'ms', quantile(pages, 0.5)),
        ]
      }),
  },
]
