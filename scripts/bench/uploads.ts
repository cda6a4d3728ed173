// A large file from `fs.openAsBlob`, each time from a fresh process.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Case, key, ofClones, runWorker, withAnswers } from './kit.ts'
import { takeTurns } from './takeTurns.mjs'

const peers = ['axios', 'ky', 'ofetch', 'openapi-fetch', 'replicate', 'openai']
const [time, memory] = ['upload of 1 GiB: time', 'upload of 1 GiB: memory'] as const

const upload: Case = {
  part: 'uploads',
  rows: [time, memory],
  async run({ node, clones, isShort }) {
    const folder = mkdtempSync(join(tmpdir(), 'flowscale-upload-'))
    const file = join(folder, 'large.bin')
    writeFileSync(file, '')
    truncateSync(file, isShort ? 2 ** 22 : 2 ** 30)
    const { samples, missing } = await withAnswers((url) => {
      const send = (way: object) => () => runWorker<object>(node, 'upload.mjs', { url, key, file, ...way })
      const contestants = {
        floor: send({}),
        ...ofClones(clones, (clone) => send({ client: `${clone}/packages/client/dist/index.js` })),
        ...Object.fromEntries(peers.map((peer) => [peer, send({ peer })])),
      }
      return takeTurns(contestants, { rounds: isShort ? 1 : 6, peersEach: 6 })
    }).finally(() => rmSync(folder, { recursive: true }))
    return [
      { name: time, unit: 's', samples: samples.seconds, cpu: samples.cpu, missing },
      { name: memory, unit: 'MB', samples: samples.mb, missing },
    ]
  },
}

export const uploads: Case[] = [upload]
