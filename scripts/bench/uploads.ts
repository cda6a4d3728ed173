// A large file from `fs.openAsBlob` to a server in a process of its own.
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runScript, startServer } from '../lib/child.ts'
import { mapValues, median, quantile, ratio, round, type Section } from './figure.ts'

interface Sent {
  seconds: number
  bytes: number
  peakMb: number
}

const own = ['executeWorkflow', 'bare fetch', "fetch, redirect: 'error'"]
const peers = ['axios', 'ky', 'ofetch', 'openapi-fetch', 'replicate', 'openai']

function section(title: string, bytes: number, rounds: number, peerRounds: number): Section {
  const speedName = `upload of ${title}`
  const memoryName = `memory for an upload of ${title}`
  return {
    name: 'uploads',
    figures: [speedName, memoryName],
    async run(say) {
      say(`${speedName}, ${rounds} rounds`)
      const folder = mkdtempSync(join(tmpdir(), 'flowscale-upload-'))
      const file = join(folder, 'large.bin')
      const server = await startServer('upload/sink.mjs')
      const sent: Record<string, Sent[]> = {}
      try {
        closeSync(openSync(file, 'w'))
        truncateSync(file, bytes)
        for (let index = 0; index < rounds; index++) {
          for (const way of index < peerRounds ? [...own, ...peers] : own) {
            const script = peers.includes(way) ? 'bench/peers/upload.mjs' : 'upload/send.mjs'
            const told = await runScript<Sent>(script, way, server.url, file)
            if (told.bytes < bytes) throw new Error(`${way}: the server got ${told.bytes} bytes`)
            sent[way] ??= []
            sent[way].push(told)
          }
        }
      } finally {
        server.stop()
        rmSync(folder, { recursive: true })
      }
      const seconds = (way: string) => sent[way]!.map((told) => told.seconds)
      const speed = mapValues(sent, (list) =>
        Math.round(bytes / 1e6 / median(list.map((told) => told.seconds))),
      )
      // The worst: memory is there or it is not.
      const peak = mapValues(sent, (list) =>
        Math.round(
          quantile(
            list.map(({ peakMb }) => peakMb),
            1,
          ),
        ),
      )
      const ofPeers = (values: Record<string, number>) =>
        Object.fromEntries(peers.map((peer) => [peer, values[peer]!]))
      const [client, floor, strict] = own as [string, string, string]
      const faster = ratio(seconds(floor), seconds(client))
      return [
        {
          name: speedName,
          unit: 'MB/s',
          value: speed[client]!,
          floor: speed[floor]!,
          ratio: faster,
          peers: ofPeers(speed),
          beside: { [strict]: speed[strict]! },
          target: 'faster than a bare fetch',
          met: faster.value > 1,
          note: `${rounds} rounds, peers ${peerRounds}`,
        },
        {
          name: memoryName,
          unit: 'MB above idle, at most',
          value: round(peak[client]!),
          floor: peak[floor]!,
          peers: ofPeers(peak),
          beside: { [strict]: peak[strict]! },
          target: 'at most 128 MB above idle',
          met: peak[client]! <= 128,
        },
      ]
    },
  }
}

export const uploads: Section[] = [section('200 MB', 200e6, 5, 3), section('1 GB', 1e9, 3, 1)]
