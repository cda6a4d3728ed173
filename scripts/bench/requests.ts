// What a request costs: one by one, and 50 at once; and an upload of a large file.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Samples } from './figure.ts'
import { type Case, key, ofClones, runWorker, withAnswers } from './kit.ts'
import { takeTurns } from './takeTurns.mjs'

/** What `requests.mjs` sends. */
interface Request {
  operation: 'checkHealth' | 'getRun' | 'executeWorkflow'
  /** How many texts a POST has, and the bytes of its file. */
  texts?: number
  bytes?: number
}

const requestsByName: Record<string, Request> = {
  checkHealth: { operation: 'checkHealth' },
  getRun: { operation: 'getRun' },
  'executeWorkflow, two texts': { operation: 'executeWorkflow', texts: 2 },
  'executeWorkflow, ten texts': { operation: 'executeWorkflow', texts: 10 },
  'executeWorkflow, a file of 25 KB': { operation: 'executeWorkflow', bytes: 25_000 },
}

interface Told {
  samples: Record<'time' | 'cpu', Samples>
  missing?: string
}

const requestCase = (name: string, request: Request, atOnce: number): Case => ({
  part: 'requests',
  rows: [name],
  isVariant: request.texts! < 10,
  async run({ node, clones, isShort }) {
    const batch = isShort ? atOnce : atOnce === 1 ? 10 : 100
    // Two clones are more alike than a client and a bare fetch.
    const budgetMs = clones.beside ? 20_000 : 8000
    const turns = isShort ? { rounds: 1 } : { rounds: 500, warmUps: 4, budgetMs }
    const { samples, missing } = await withAnswers((url) =>
      runWorker<Told>(node, 'requests.mjs', { ...request, url, key, clones, atOnce, batch, turns }),
    )
    return [{ name, unit: 'µs', samples: samples.time, cpu: samples.cpu, missing }]
  },
})

/** A large file from `fs.openAsBlob`, each time from a fresh process. */
const uploaders = ['axios', 'ky', 'ofetch', 'openapi-fetch', 'replicate', 'openai']
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
        ...Object.fromEntries(uploaders.map((peer) => [peer, send({ peer })])),
      }
      return takeTurns(contestants, { rounds: isShort ? 1 : 6, peersEach: 6 })
    }).finally(() => rmSync(folder, { recursive: true }))
    return [
      { name: time, unit: 's', samples: samples.seconds, cpu: samples.cpu, missing },
      { name: memory, unit: 'MB', samples: samples.mb, missing },
    ]
  },
}

export const requests: Case[] = [
  ...Object.entries(requestsByName).flatMap(([name, request]) => [
    requestCase(`${name}, one by one`, request, 1),
    requestCase(`${name}, 50 at once`, request, 50),
  ]),
  upload,
]
