// The cases on this Node, on the sources: over real HTTP and by `emulator.fetch`, in each dialect. On what was built they
// run in test/runtimes.
import { createEmulator } from '@flowscale/emulator'
import { createFetch } from '@flowscale/gateway/http'
import { suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { cases } from './cases.ts'
import { createDocumented, type Documented } from './createDocumented.ts'
import { createLab } from './createLab.ts'
import { type Column, createTable } from './createTable.ts'
import { loadPackages } from './loadPackages.ts'
import { operationCases } from './operations.ts'
import { type Context, type Dialect, dialects } from './types.ts'
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

const documents: { readonly dialect: Dialect; readonly documented: Documented }[] = []

/** Checks answers by the document of a dialect. */
async function documentedIn(dialect: Dialect): Promise<Documented> {
  const emulator = createEmulator({ dialect })
  const documented = await createDocumented(emulator)
  emulator.close()
  documents.push({ dialect, documented })
  return documented
}

for (const transport of transports) {
  for (const dialect of dialects) {
    const test = suite(`conformance, ${transport}, ${dialect}`)
    const documented = await documentedIn(dialect)
    for (const { operation, name, dialects: only, needs = [], run } of cases) {
      if (only && !only.includes(dialect)) continue
      if (transport === 'emulator.fetch' && (needs.includes('lab') || needs.includes('HTTP'))) continue
      test(`${operation}: ${name}`, async () => {
        // Servers for each case: none sees the runs of another.
        const lab = createLab(CANARY, documented.watch)
        const emulator = createEmulator({ apiKey: CANARY, dialect, speed: 200, workflows })
        const { url, filesUrl } = emulator
        const handle = documented.watch(emulator.handle)
        const fetch = createFetch({ handle, url, filesUrl, name: 'emulator' })
        const options: Context['options'] =
          transport === 'HTTP' ? await lab.pod(dialect) : { baseUrl: url, apiKey: CANARY, fetch }
        try {
          await run({ ...packages, dialect, options, containers: 2, lab })
          documented.report()
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
sum('the document describes each answer', () => {
  for (const { dialect, documented } of documents) {
    const counts = [...documented.counts].map(([seen, count]) => `${seen}: ${count}`)
    console.log(`[show] ${dialect}: ${counts.sort().join(', ')}`)
    const lacking = ['checkHealth', 'executeWorkflow', 'getOutput', 'getRun', 'getRuns'].filter(
      (operation) => !documented.counts.get(`${operation} 200`),
    )
    if (lacking.length) throw new Error(`never answered in ${dialect}: ${lacking}`)
  }
})
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
