// What a request costs: one by one, and 50 at once; and an upload of a large file.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Samples } from './figure.ts'
import { type Case, key, runWorker, withAnswers } from './kit.ts'
import { takeTurns } from './measure.mjs'

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

interface Taken {
  samples: Record<'time' | 'cpu', Samples>
  missing?: string
}

const requestCase = (name: string, request: Request, atOnce: number): Case => ({
  part: 'requests',
  rows: [name],
  isVariant: request.texts! < 10,
  async run({ clones, isShort }) {
    const batch = isShort ? atOnce : atOnce === 1 ? 10 : 100
    // Two clones are more alike than a client and a bare fetch.
    const budgetMs = clones.beside ? 20_000 : 8000
    const turns = isShort ? { rounds: 1 } : { rounds: 500, warmUps: 4, budgetMs }
    const options = { ...request, key, clones, atOnce, batch, turns }
    const { samples, missing } = await withAnswers((url) =>
      runWorker<Taken>('requests.mjs', { ...options, url }),
    )
    return [{ name, unit: 'µs', samples: samples.time, cpu: samples.cpu, missing }]
  },
})

const uploaders = ['axios', 'ky', 'ofetch', 'openapi-fetch', 'replicate', 'openai']
const [time, memory] = ['upload of 1 GiB: time', 'upload of 1 GiB: memory'] as const

/** A large file from `fs.openAsBlob`, each time from a fresh process. */
const upload: Case = {
  part: 'uploads',
  rows: [time, memory],
  async run({ clones, isShort }) {
    const folder = mkdtempSync(join(tmpdir(), 'flowscale-upload-'))
    const file = join(folder, 'large.bin')
    writeFileSync(file, '')
    truncateSync(file, isShort ? 2 ** 22 : 2 ** 30)
    const ways: Record<string, object> = { floor: {} }
    for (const [who, clone] of Object.entries(clones))
      ways[who] = { client: `${clone}/packages/client/dist/index.js` }
    for (const peer of uploaders) ways[peer] = { peer }
    const turns = { rounds: isShort ? 1 : 6, peersEach: 6 }
    const { samples, missing } = await withAnswers((url) =>
      takeTurns(ways, (way: object) => runWorker('upload.mjs', { url, key, file, ...way }), turns),
    ).finally(() => rmSync(folder, { recursive: true }))
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
