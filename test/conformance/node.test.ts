// The cases on this Node, against what was built: over real HTTP and by `emulator.fetch`, in each dialect.

import * as index from '@flowscale/client'
import * as poller from '@flowscale/client/poller'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { encode } from 'fast-png'
import { suite } from 'uvu'
import { CANARY } from '../support/canary.ts'
import { cases } from './cases.ts'
import { type Context, dialects } from './types.ts'
import { workflows } from './workflows.ts'

const transports = ['HTTP', 'emulator.fetch'] as const
const ran = new Map<string, number>()
const lib = { ...index, ...poller }
const png = encode({ width: 2, height: 2, data: new Uint8Array(12).fill(200), channels: 3 })

for (const transport of transports) {
  for (const dialect of dialects) {
    const test = suite(`conformance, ${transport}, ${dialect}`)
    for (const { operation, name, dialects: only, run } of cases) {
      if (only && !only.includes(dialect)) continue
      test(`${operation}: ${name}`, async () => {
        // A server for each case: none sees the runs of another.
        const emulator = createEmulator({ apiKey: CANARY, dialect, speed: 200, workflows })
        const server = transport === 'HTTP' ? await serve(emulator) : undefined
        const options: Context['options'] = server
          ? { baseUrl: server.url, apiKey: CANARY }
          : { baseUrl: emulator.url, apiKey: CANARY, fetch: emulator.fetch }
        try {
          await run({ lib, dialect, options, png })
          if (emulator.stats.keysRefusedAtFiles) throw new Error('the key was sent to where the files lie')
        } finally {
          emulator.close()
          await server?.close()
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
    if (counts.includes(0)) empty.push(operation)
  }
  const missing = Object.entries(lib)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(([name]) => name)
    .filter((name) => !operations.includes(name) && !['createClient', 'isFlowScaleError'].includes(name))
  if (empty.length || missing.length) throw new Error(`no case: ${[...empty, ...missing].join(', ')}`)
})
table.run()
