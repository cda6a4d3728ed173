// What a gateway costs over ComfyUI itself: the built command, and the small ComfyUI of the tests, processes both.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Started, startProcess, startSmallComfy } from '../../test/support/startProcess.ts'
import type { Samples } from './figure.ts'
import { type Case, key, ofClones, runWorker } from './kit.ts'
import { takeTurns } from './takeTurns.mjs'

/** Starts a gateway of each clone with a ComfyUI of its own, as gateways of one ComfyUI share their work. */
async function withGateways<T>(
  clones: Record<string, string>,
  use: (gateways: Record<string, Started>, comfyUrl: string) => Promise<T>,
  flags: readonly string[] = [],
): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'bench-'))
  const comfies: Started[] = []
  const gateways: Record<string, Started> = {}
  try {
    for (const [who, folder] of Object.entries(clones)) {
      const comfy = await startSmallComfy()
      comfies.push(comfy)
      gateways[who] = await startProcess([
        `${folder}/packages/gateway/bin/flowscale-gateway.js`,
        ...['--comfyui', comfy.told.url, '--workflows', 'test/servers/disasters', '--json'],
        ...['--port', '0', '--api-key', key],
        ...flags.map((flag) => flag.replace('DATA', join(data, who))),
      ])
    }
    return await use(gateways, comfies[0]!.told.url)
  } finally {
    await Promise.all([...comfies, ...Object.values(gateways)].map((one) => one.kill()))
    rmSync(data, { recursive: true, force: true })
  }
}

function runsCase(
  name: string,
  [runMs, runs, atOnce, rounds]: readonly [number, number, number, number],
  ...flags: string[]
): Case {
  return {
    part: 'gateway',
    rows: [name],
    isVariant: runMs > 4 || flags.length > 0,
    run: ({ node, clones, isShort }) =>
      withGateways(
        clones,
        async (gateways, comfyUrl) => {
          const { samples, missing } = await runWorker<{
            samples: Record<'ms', Samples>
            missing?: string
          }>(node, 'gateway.mjs', {
            ...{ comfyUrl, key, atOnce, seconds: runMs / 1000 },
            gateways: Object.fromEntries(Object.entries(gateways).map(([who, { told }]) => [who, told.url])),
            ...(isShort ? { runs: atOnce, turns: { rounds: 1 } } : { runs, turns: { rounds, warmUps: 1 } }),
          })
          return [{ name, unit: 'ms a run', samples: samples.ms, floor: 'ComfyUI alone', missing }]
        },
        flags,
      ),
  }
}

/** A server that answers a POST with a run, and a GET with a stream of events that goes on. */
const bareServer = `
  const server = require('node:http').createServer((request, response) => {
    request.resume()
    if (request.method === 'POST') return response.end('{"data":{"run_id":"bench"}}')
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\\n\\n')
  })
  server.listen(0, '127.0.0.1', () =>
    console.log(JSON.stringify({ url: 'http://127.0.0.1:' + server.address().port })))`

/** The MB of a server above idle, while clients read the events of runs, a hundred clients each. */
async function gather({ pid, told: { url } }: Started, clients: number): Promise<{ mb: number }> {
  const headers = { 'x-api-key': key }
  const memory = () => Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`])) / 1024
  const idle = memory()
  const open = (path: string) =>
    new Promise((resolve, reject) => {
      const request = get(url + path, { headers, agent: false }, (response) => {
        // They end when the server is killed.
        response.on('error', () => {}).once('data', resolve)
        if (response.statusCode !== 200) reject(new Error(`the events have status ${response.statusCode}`))
      })
      request.on('error', reject)
    })
  for (let come = 0; come < clients; come += 100) {
    const body = new URLSearchParams({ seconds: '600', seed: `${come}` })
    const answer = await fetch(`${url}/api/v1/runs?workflow_id=brief`, { method: 'POST', headers, body })
    const { data } = (await answer.json()) as { data: { run_id: string } }
    await Promise.all(Array.from({ length: 100 }, () => open(`/api/v1/runs/${data.run_id}/events`)))
  }
  await wait(2000)
  return { mb: memory() - idle }
}

const crowdName = 'gateway: memory above idle, 10,000 clients reading events'
const crowd: Case = {
  part: 'gateway',
  rows: [crowdName],
  async run({ clones, isShort }) {
    const clients = isShort ? 100 : 10_000
    const bare = async () => {
      const server = await startProcess(['-e', bareServer])
      return gather(server, clients).finally(server.kill)
    }
    const by = (folder: string) => () =>
      withGateways({ by: folder }, (gateways) => gather(gateways.by!, clients))
    const { samples, missing } = await takeTurns({ floor: bare, ...ofClones(clones, by) }, { rounds: 1 })
    return [{ name: crowdName, unit: 'MB', samples: samples.mb, floor: 'a bare server of Node', missing }]
  },
}

export const gateway: Case[] = [
  runsCase('gateway: a run of 4 ms, one by one', [4, 1, 1, 200]),
  runsCase('gateway with --data: a run of 4 ms, one by one', [4, 1, 1, 200], '--data', 'DATA'),
  runsCase('gateway with a queue: a run of 4 ms, one by one', [4, 1, 1, 200], '--data', 'DATA', '--workers'),
  runsCase('gateway: runs of 4 ms, 20 at once', [4, 100, 20, 9]),
  runsCase('gateway: runs of 100 ms, 20 at once', [100, 30, 20, 6]),
  crowd,
]
