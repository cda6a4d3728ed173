// The cases on this Node, on the sources: over real HTTP and by `emulator.fetch`, in each dialect. On what was built they
// run in test/runtimes.
import { createEmulator } from '@flowscale/emulator'
import { suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { cases } from './cases.ts'
import { createLab } from './createLab.ts'
import { type Column, createTable } from './createTable.ts'
import { loadPackages } from './loadPackages.ts'
import { operationCases } from './operations.ts'
import { type Context, dialects } from './types.ts'
import { waitCases } from './waits.ts'
import { workflows } from './workflows.ts'

const transports = ['HTTP', 'emulator.fetch'] as const
const packages = await loadPackages()
const columnOf = (transport: (typeof transports)[number], dialect: Column['dialect']): Column => ({
  head: transport === 'HTTP' ? 'HTTP' : 'em.fetch',
  dialect,
})
const table = createTable(
  transports.flatMap((transport) => dialects.map((dialect) => columnOf(transport, dialect))),
)

for (const transport of transports) {
  for (const dialect of dialects) {
    const test = suite(`conformance, ${transport}, ${dialect}`)
    for (const { operation, name, dialects: only, needs = [], run } of cases) {
      if (only && !only.includes(dialect)) continue
      if (transport === 'emulator.fetch' && (needs.includes('lab') || needs.includes('HTTP'))) continue
      test(`${operation}: ${name}`, async () => {
        // Servers for each case: none sees the runs of another.
        const lab = createLab(CANARY)
        const emulator = createEmulator({ apiKey: CANARY, dialect, speed: 200, workflows })
        const options: Context['options'] =
          transport === 'HTTP'
            ? await lab.pod(dialect)
            : { baseUrl: emulator.url, apiKey: CANARY, fetch: emulator.fetch }
        try {
          await run({ ...packages, dialect, options, containers: 2, lab })
          if (emulator.stats.keysRefusedAtFiles) throw new Error('the key was sent to where the files lie')
        } finally {
          emulator.close()
          await lab.close()
        }
        table.count(operation, columnOf(transport, dialect))
      })
    }
  }
}

const sum = suite('conformance table')
sum('no cell is empty', () => {
  const operations = [...new Set(cases.map(({ operation }) => operation))]
  // What is about a function of the API or the poller must be there in each dialect.
  const everywhere = new Set([...operationCases, ...waitCases].map(({ operation }) => operation))
  const empty = table
    .print(operations, (line) => console.log(`[show] ${line}`))
    .filter((operation) => everywhere.has(operation))
  const missing = Object.entries(packages.lib)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(([name]) => name)
    .filter((name) => !operations.includes(name) && !/^(un)?subscribe/.test(name))
  if (empty.length || missing.length) throw new Error(`no case: ${[...empty, ...missing].join(', ')}`)
})
