// The client's cases on a gateway before the small ComfyUI of both versions: over real HTTP and by `gateway.fetch`, in
// each dialect.
import { comfyui, createGateway } from '@flowscale/gateway'
import { suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import type { ComfyVersion } from '../comfyui/server/versions.ts'
import { CANARY } from '../support/canary.ts'
import { createLimit } from '../support/createLimit.ts'
import { openGateway } from '../support/openGateway.ts'
import { createDocumented, type Documented } from './createDocumented.ts'
import { type Column, createTable } from './createTable.ts'
import { casesFor, leftOut, noLab, type Transport } from './gatewayCases.ts'
import { loadPackages } from './loadPackages.ts'
import { operationCases } from './operations.ts'
import { type Case, type Dialect, dialects } from './types.ts'
import { waitCases } from './waits.ts'

const versions = ['0.3.64', '0.8.0'] as const
const transports: readonly Transport[] = ['HTTP', 'gateway.fetch']
const packages = await loadPackages()
const columnOf = (version: string, transport: Transport, dialect: Dialect): Column => ({
  head: `${version} ${transport === 'HTTP' ? 'HTTP' : 'fetch'}`,
  dialect,
})
const columns = versions.flatMap((version) =>
  transports.flatMap((transport) => dialects.map((dialect) => columnOf(version, transport, dialect))),
)
const table = createTable(columns)
const operations = new Set<string>()
let executed = 0
let executedTwice = 0
/** Cases wait more than they work. */
const limit = createLimit(6)

/** Servers for each case: none sees the runs of another. */
async function inLab(
  version: ComfyVersion,
  transport: Transport,
  dialect: Dialect,
  documented: Documented,
  run: Case['run'],
): Promise<void> {
  // Sleeps are cut to a quarter.
  const comfy = await startComfy({ version, speed: 4 })
  const { gateway, url, close } = await openGateway(comfy.url, { dialect, watch: documented.watch })
  const options =
    transport === 'HTTP'
      ? { baseUrl: url, apiKey: CANARY }
      : { baseUrl: gateway.url, apiKey: CANARY, fetch: gateway.fetch }
  try {
    await run({ ...packages, dialect, options, containers: 1, lab: noLab })
  } finally {
    await close()
    await comfy.stop()
  }
  documented.report()
  executed += Object.keys(comfy.executed.runs).length
  const twice = Object.keys(comfy.executed.runs).filter((id) => comfy.executed.runs[id]! > 1)
  executedTwice += twice.length
  if (twice.length) throw new Error(`executed twice: ${twice.join(', ')}`)
}

for (const version of versions) {
  for (const transport of transports) {
    for (const dialect of dialects) {
      const test = suite(`gateway conformance, ${version}, ${transport}, ${dialect}`)
      const engine = comfyui({ url: 'http://127.0.0.1:8188' })
      const documented = await createDocumented(
        createGateway({ engine, workflows: [], apiKey: CANARY, dialect }),
      )
      for (const { operation, name, run } of casesFor(transport, dialect)) {
        operations.add(operation)
        const outcome = limit(() => inLab(version, transport, dialect, documented, run))
        // It may fail before its turn to be told of comes.
        outcome.catch(() => {})
        test(`${operation}: ${name}`, async () => {
          await outcome
          table.count(operation, columnOf(version, transport, dialect))
        })
      }
    }
  }
}

const sum = suite('gateway conformance table')
sum('no cell is empty', () => {
  const everywhere = new Set([...operationCases, ...waitCases].map(({ operation }) => operation))
  const say = (line: string) => console.log(`[show] ${line}`)
  const empty = table.print([...operations], say).filter((operation) => everywhere.has(operation))
  say(`ComfyUI executed ${executed} runs, ${executedTwice} of them twice`)
  for (const line of leftOut()) say(line)
  if (empty.length) throw new Error(`no case: ${empty.join(', ')}`)
})
