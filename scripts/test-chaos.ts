// `npm run test:chaos [-- --short | --long] [--seed N] [pattern]`: no run started twice, no paid result lost, no key
// leaked, nothing hangs, as numbers. Ends with `N passed, N failed`.
import { parseArgs } from 'node:util'
import type { Ledger } from '@flowscale/emulator'
import { FAULT_KINDS } from '../packages/emulator/src/faults/table.ts'
import { ledgerLines, totalFaults } from '../test/chaos/lib/tables.ts'
import { parts } from '../test/chaos/parts.ts'
import { runtimes } from '../test/chaos/runtimes.ts'
import { ensureBuilt, ensureRuntimes, fitRuntimes } from './lib/ensure.mjs'

const { values, positionals } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    seed: { type: 'string', default: '20261125' },
  },
  allowPositionals: true,
})
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed)) throw new Error('--seed must be a whole number')
const scale = values.short ? 'short' : values.long ? 'long' : 'full'
const [pattern = ''] = positionals
const chosen = parts.filter(({ name }) => name.includes(pattern))
if (chosen.includes(runtimes)) {
  ensureBuilt()
  if (fitRuntimes && scale !== 'short') ensureRuntimes()
}

console.log(`seed ${seed}, ${scale}, Node ${process.versions.node}`)
let passed = 0
let failed = 0
const all: Ledger[] = []
for (const { name, run } of chosen) {
  const start = performance.now()
  const { checks, failures, lines, ledgers = [], skipped } = await run({ seed, scale })
  all.push(...ledgers)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const sum = skipped
    ? `- ${name}: ${skipped}`
    : `${failures.length ? '✖' : '✔'} ${name}: ${checks} checks, ${failures.length} failures, ${seconds} s`
  console.log(sum)
  for (const line of lines) console.log(`  ${line}`)
  for (const failure of failures.slice(0, 20)) console.log(`  FAIL ${failure}`)
  passed += Math.max(0, checks - failures.length)
  failed += failures.length
}
if (all.length) {
  console.log('in all')
  for (const line of ledgerLines(all)) console.log(`  ${line}`)
  // Of lists there are few: a test of its own plays what only they can meet.
  const rare =
    scale === 'short' || pattern
      ? []
      : FAULT_KINDS.filter((kind) => kind !== 'list-late' && !(totalFaults(all)[kind]! >= 100))
  for (const kind of rare) console.log(`  FAIL ${kind} was played less than a hundred times`)
  failed += rare.length
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed || !passed ? 1 : 0
