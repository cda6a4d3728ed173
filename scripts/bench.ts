// `npm run bench`: what the client, the command and the gateway cost, beside a bare fetch and other clients in the same run.
// In every row less is better. It takes about ten minutes; other work on the machine disturbs the times.
//   -- --only NAME       the rows of a part (requests, imports, command, uploads, waits, push, many, gateway), or with NAME in their names
//   -- --beside FOLDER   the same rows by another built clone, in turns with this one
//   -- --node PATH       the clients run on this Node
//   -- --json            one JSON document and nothing else (with `npm run -s`)
//   -- --save            writes docs/performance.md
//   -- --short           few rounds, which only show that every row can be measured
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { describe, type Figure, type Result, toFigure } from './bench/figure.ts'
import { gateway } from './bench/gateway.ts'
import type { Settings } from './bench/kit.ts'
import { writePage } from './bench/page.ts'
import { queue } from './bench/queue.ts'
import { requests } from './bench/requests.ts'
import { starts } from './bench/starts.ts'
import { ensure, root } from './lib/ensure.mjs'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    beside: { type: 'string' },
    node: { type: 'string', default: process.execPath },
    json: { type: 'boolean' },
    save: { type: 'boolean' },
    short: { type: 'boolean', default: false },
  },
})
if (values.save && (values.only || values.short)) throw new Error('--save needs all rows, and all rounds')

ensure('build', 'scripts/bench/peers')
// Not earlier: it imports what was built.
const { waits } = await import('./bench/waits.ts')
const cases = [...requests, ...starts, ...waits, ...gateway, ...queue]
const only = values.only?.toLowerCase()
const isPart = cases.some(({ part }) => part === only)
const wanted = (part: string, rows: readonly string[]): string[] =>
  rows.filter((row) => !only || (isPart ? part === only : row.toLowerCase().includes(only)))
if (!cases.some(({ part, rows }) => wanted(part, rows).length)) {
  console.error(`No row is called ${only}; there are:\n${cases.flatMap(({ rows }) => rows).join('\n')}`)
  process.exit(2)
}

const from = (path: string) => resolve(process.env.INIT_CWD ?? '.', path)
const settings: Settings = {
  isShort: values.short,
  node: from(values.node),
  clones: { client: resolve(root), ...(values.beside && { beside: from(values.beside) }) },
}
const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'))
const load = loadavg()[0]!
const start = performance.now()
const seconds = () => Math.round((performance.now() - start) / 1000)
const figures: Figure[] = []
let failed = 0
for (const { part, rows, isVariant, run } of cases) {
  const names = wanted(part, rows)
  if (!names.length || (values.short && isVariant)) continue
  console.error(`${seconds()} s  ${names.join(', ')}`)
  try {
    const found = (await run(settings)).filter(({ name }) => names.includes(name)).map(toFigure)
    figures.push(...found)
    if (!values.json && !values.short) for (const figure of found) print(figure)
  } catch (error) {
    failed += names.length
    console.error(`✖ ${(error as Error).stack}`)
  }
}

function print({ name, unit, value, targets, beside, missing }: Figure): void {
  console.log(`${name}: ${value} ${unit}`)
  for (const one of [targets.floor, targets.peer, beside]) if (one) console.log(`    ${describe(one)}`)
  if (missing) console.log(`    not by ${settings.clones.beside}: ${missing}`)
}

const result: Result = {
  date: new Date().toISOString().slice(0, 10),
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    load: Number(load.toFixed(1)),
    seconds: seconds(),
  },
  versions: {
    node: execFileSync(settings.node, ['--version'], { encoding: 'utf8' }).trim(),
    '@flowscale/client': json('packages/client/package.json').version,
    ...json('scripts/bench/peers/package.json').dependencies,
  },
  figures,
}

if (values.save && !failed) writePage(result)
if (values.json) console.log(JSON.stringify(result, null, 2))
else console.log(`${figures.length} passed, ${failed} failed`)
process.exitCode = failed || !figures.length ? 1 : 0
