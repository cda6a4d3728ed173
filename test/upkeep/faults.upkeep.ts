// Each kind of fault of the emulator is tried, and stands in its README as in its table.
import { readFileSync } from 'node:fs'
import type { FaultKind } from '@flowscale/emulator'
import { assert, suite } from '#test'
import { API, HTTP, JSONS } from '../../packages/emulator/src/faults/fault.ts'
import { describeFaults, FAULT_KINDS, faultTable } from '../../packages/emulator/src/faults/table.ts'

const test = suite('faults')

test('every kind has its test', () => {
  const text = readFileSync('test/unit/emulator/faults/createFaults.test.ts', 'utf8')
  for (const kind of FAULT_KINDS) {
    assert.ok(text.includes(`'${kind}'`) || text.includes(`${kind}:`) || text.includes(`${kind}(`), kind)
  }
})

test('every kind stands in the README as in the table', () => {
  const readme = readFileSync('packages/emulator/README.md', 'utf8')
  const rows = [...readme.matchAll(/^\| `([\w-]+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(
    ([, kind, where, text]) => ({ kind, where, text }),
  )
  const wanted = describeFaults().map(({ kind, text }) => ({ kind, where: placeOf(kind), text }))
  assert.equal(
    rows.filter(({ kind }) => FAULT_KINDS.includes(kind as FaultKind)),
    wanted,
    wanted.map(({ kind, where, text }) => `| \`${kind}\` | ${where} | ${text} |`).join('\n'),
  )
})

function placeOf(kind: FaultKind): string {
  const { operations } = faultTable[kind]
  if (operations === HTTP) return 'all'
  if (operations === API) return 'API'
  return operations === JSONS
    ? 'API, no events'
    : operations.map((operation) => `\`${operation}\``).join(', ')
}
