// The cases on this Node, on the sources: over real HTTP and by `emulator.fetch`, in each dialect. On what was built they
// run in test/runtimes.
import { cpSync } from 'node:fs'
import { resolve } from 'node:path'
import * as index from '@flowscale/client'
import * as logger from '@flowscale/client/logger'
import * as poller from '@flowscale/client/poller'
import * as proxy from '@flowscale/client/proxy'
import * as websocket from '@flowscale/client/websocket'
import { createEmulator } from '@flowscale/emulator'
import { encode } from 'fast-png'
import { FlowscaleAPI } from 'flowscale'
import { suite } from 'uvu'
import { CANARY } from '../support/canary.ts'
import { cases } from './cases.ts'
import { createLab } from './createLab.ts'
import { operationCases } from './operations.ts'
import { type Context, dialects } from './types.ts'
import { waitCases } from './waits.ts'
import { workflows } from './workflows.ts'

const transports = ['HTTP', 'emulator.fetch'] as const
const ran = new Map<string, number>()
const lib = { ...index, ...poller, ...websocket, ...logger, ...proxy }
/** Another copy, as built, as it would lie in another folder of node_modules. */
const copied = resolve('.tmp/copy')
for (const name of ['package.json', 'dist']) {
  cpSync(`packages/client/${name}`, `${copied}/${name}`, { recursive: true })
}
const copy: typeof index = await import(`${copied}/dist/index.js`)
const png = new Uint8Array(encode({ width: 2, height: 2, data: new Uint8Array(12).fill(200), channels: 3 }))

for (const transport of transports) {
  for (const dialect of dialects) {
    const test = suite(`conformance, ${transport}, ${dialect}`)
    for (const { operation, name, dialects: only, needs = [], run } of cases) {
      if (only && !only.includes(dialect)) continue
      if (transport === 'emulator.fetch' && needs.includes('lab')) continue
      test(`${operation}: ${name}`, async () => {
        // Servers for each case: none sees the runs of another.
        const lab = createLab(CANARY)
        const emulator = createEmulator({ apiKey: CANARY, dialect, speed: 200, workflows })
        const options: Context['options'] =
          transport === 'HTTP'
            ? await lab.pod(dialect)
            : { baseUrl: emulator.url, apiKey: CANARY, fetch: emulator.fetch }
        try {
          await run({ lib, FlowscaleAPI, copy, dialect, options, lab, png })
          if (emulator.stats.keysRefusedAtFiles) throw new Error('the key was sent to where the files lie')
        } finally {
          emulator.close()
          await lab.close()
        }
        const cell = `${operation} ${transport} ${dialect}`
        ran.set(cell, (ran.get(cell) ?? 0) + 1)
      })
    }
    test.run()
  }
}

const table = suite('conformance table')
table('no cell is empty', () => {
  const columns = transports.flatMap((transport) => dialects.map((dialect) => ({ transport, dialect })))
  const operations = [...new Set(cases.map(({ operation }) => operation))]
  // What is about a function of the API or the poller must be there in each dialect.
  const everywhere = new Set([...operationCases, ...waitCases].map(({ operation }) => operation))
  const line = (first: string, cells: string[]) =>
    console.log(`[show] ${first.padEnd(22)}${cells.map((cell) => cell.padStart(9)).join('')}`)
  line(
    'cases passed',
    columns.map(({ transport }) => (transport === 'HTTP' ? 'HTTP' : 'em.fetch')),
  )
  line(
    '',
    columns.map(({ dialect }) => dialect),
  )
  const empty: string[] = []
  for (const operation of operations) {
    const counts = columns.map(
      ({ transport, dialect }) => ran.get(`${operation} ${transport} ${dialect}`) ?? 0,
    )
    line(operation, counts.map(String))
    if (everywhere.has(operation) && counts.includes(0)) empty.push(operation)
  }
  const missing = Object.entries(lib)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(([name]) => name)
    .filter((name) => !operations.includes(name) && !/^(un)?subscribe/.test(name))
  if (empty.length || missing.length) throw new Error(`no case: ${[...empty, ...missing].join(', ')}`)
})
table.run()
