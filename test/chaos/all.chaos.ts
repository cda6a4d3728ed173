// No run started twice, no paid result lost, no key leaked, nothing hangs, as numbers.
// `npm test -- --suite chaos [--case PART] [--seed N] [--long] --verbose`

import type { Ledger } from '@flowscale/emulator'
import { assert, suite } from '#test'
import { FAULT_KINDS } from '../../packages/emulator/src/faults/table.ts'
import { aborts } from './aborts.ts'
import { answers } from './answers.ts'
import { executes } from './executes.ts'
import { inputs } from './inputs.ts'
import { ledgerLines, totalFaults } from './lib/finding.ts'
import { many } from './many.ts'
import { runtimes } from './runtimes.ts'
import { soak } from './soak.ts'
import { waits } from './waits.ts'

const test = suite('chaos')
const { seed: given = '20261125', long: isLong = false } = JSON.parse(process.env.TEST_OPTIONS ?? '{}')
const seed = Number(given)
if (!Number.isSafeInteger(seed)) throw new Error('--seed must be a whole number')
const ledgers: Ledger[] = []
const show = (lines: readonly string[]) => console.log(lines.map((line) => `[show] ${line}`).join('\n'))

for (const run of [executes, runtimes, waits, many, soak, answers, inputs, aborts]) {
  const { name } = run
  test(name, async () => {
    const finding = await run({ seed, isLong })
    const { checks, failures, lines, skipped } = finding
    ledgers.push(...(finding.ledgers ?? []))
    show([`${name}, seed ${seed}: ${skipped ?? `${checks} checks`}`, ...lines.map((line) => `  ${line}`)])
    assert.equal(failures.slice(0, 20), [])
    assert.ok(checks > 0 || skipped)
  })
}

test('all parts: each kind of fault was played', () => {
  show(ledgerLines(ledgers))
  // Of lists there are few, and no webhooks: tests of their own play what only they can meet.
  const rare = FAULT_KINDS.filter(
    (kind) => !/^(list-late$|webhook-)/.test(kind) && !(totalFaults(ledgers)[kind]! >= 100),
  )
  if (isLong) assert.equal(rare, [])
})
