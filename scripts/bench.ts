// `npm run bench`: what the client, the command and the gateway cost, beside a bare fetch and other clients in the same run.
// In every row less is better. It takes about ten minutes; other work on the machine disturbs the times.
//   -- --only NAME       the rows of a part (requests, imports, command, uploads, waits, push, many, gateway), or with NAME in their names
//   -- --beside FOLDER   the same rows by another built clone, in turns with this one
//   -- --save            writes the tables of docs/performance.md
//   -- --short           few rounds, which only show that every row can be measured
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { describe, type Row } from './bench/figure.ts'
import { gateway } from './bench/gateway.ts'
import type { Settings } from './bench/kit.ts'
import { writePage } from './bench/page.ts'
import { requests } from './bench/requests.ts'
import { starts } from './bench/starts.ts'
import { ensure, root } from './lib/ensure.mjs'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    beside: { type: 'string' },
    save: { type: 'boolean' },
    short: { type: 'boolean', default: false },
  },
})
if (values.save && (values.only || values.short)) throw new Error('--save needs all rows, and all rounds')

ensure('build', 'scripts/bench/peers')
// Not earlier: it imports what was built.
const { waits } = await import('./bench/waits.ts')
const cases = [...requests, ...starts, ...waits, ...gateway]
const only = values.only?.toLowerCase()
const isPart = cases.some(({ part }) => part === only)
const wanted = (part: string, rows: readonly string[]): string[] =>
  rows.filter((row) => !only || (isPart ? part === only : row.toLowerCase().includes(only)))
if (!cases.some(({ part, rows }) => wanted(part, rows).length)) {
  console.error(`No row is called ${only}; there are:\n${cases.flatMap(({ rows }) => rows).join('\n')}`)
  process.exit(2)
}

const settings: Settings = { isShort: values.short, clones: { client: resolve(root) } }
if (values.beside) settings.clones.beside = resolve(process.env.INIT_CWD ?? '.', values.beside)
const start = performance.now()
const measured: Row[] = []
let failed = 0
for (const { part, rows, isVariant, run } of cases) {
  const names = wanted(part, rows)
  if (!names.length || (values.short && isVariant)) continue
  console.error(`${Math.round((performance.now() - start) / 1000)} s  ${names.join(', ')}`)
  try {
    const found = (await run(settings)).filter(({ name }) => names.includes(name))
    measured.push(...found)
    if (!values.short) for (const row of found) console.log(describe(row))
  } catch (error) {
    failed += names.length
    console.error(`✖ ${(error as Error).stack}`)
  }
}
if (values.save && !failed) writePage(measured)
console.log(`${measured.length} passed, ${failed} failed`)
process.exitCode = failed || !measured.length ? 1 : 0
