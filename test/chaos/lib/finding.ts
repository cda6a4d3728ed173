import type { FaultKind, FaultOperation, Ledger } from '@flowscale/emulator'
import { FAULT_KINDS, faultTable } from '../../../packages/emulator/src/faults/table.ts'

export interface Settings {
  /** Everything random comes from it: the same seed is the same run. */
  seed: number
  /** More of everything, and each kind of fault often. */
  isLong: boolean
}

export interface Finding {
  /** What was looked at. */
  checks: number
  /** A line each, with what is needed to do it again. */
  failures: string[]
  /** What people want to see: counts, tables. */
  lines: string[]
  /** What the servers noted, where there were any. */
  ledgers?: readonly Ledger[]
  /** Why nothing was looked at. */
  skipped?: string
}

type Counts = Readonly<Record<string, number>>

/** How often each kind was played by several servers. */
export function totalFaults(ledgers: readonly Ledger[]): Counts {
  const total: Record<string, number> = {}
  for (const { faults } of ledgers) {
    for (const [kind, times] of Object.entries(faults)) total[kind] = (total[kind] ?? 0) + times
  }
  return total
}

/** How often each kind of fault was played, in columns. */
function faultLines(counts: Counts): string[] {
  const kinds = FAULT_KINDS.filter((kind) => counts[kind])
  const all = kinds.reduce((sum, kind) => sum + counts[kind]!, 0)
  const sorted = Object.fromEntries(kinds.map((kind) => [kind, counts[kind]!]))
  return [`faults played (${kinds.length} kinds, ${all} in all):`, ...table(sorted)]
}

/** What all the servers of a run noted. */
export function ledgerLines(ledgers: readonly Ledger[]): string[] {
  const sum = (count: (ledger: Ledger) => number): number =>
    ledgers.reduce((all, ledger) => all + count(ledger), 0)
  const elsewhere = ledgers.flatMap(({ keys }) => Object.entries(keys.elsewhere))
  return [
    `${sum(({ runs }) => runs.length)} runs started by ${ledgers.length} servers; the key ${sum(({ keys }) => keys.header)} times in X-API-KEY, elsewhere ${elsewhere.length}`,
    ...faultLines(totalFaults(ledgers)),
  ]
}

/** The key is to be in its header alone. */
export const keysElsewhere = ({ keys }: Ledger): string[] =>
  Object.entries(keys.elsewhere).map(([place, times]) => `the key was seen ${times} times in ${place}`)

export const keyLine = ({ keys }: Ledger, { lines }: { lines: number }): string =>
  `key: ${keys.header} times in X-API-KEY, elsewhere ${Object.keys(keys.elsewhere).length}; searched in ${lines} log lines and every error`

/** Each kind that fits the operations is to be played a hundred times: those that were not. */
export function rareKinds(counts: Counts, operations: readonly FaultOperation[]): FaultKind[] {
  return FAULT_KINDS.filter(
    (kind) =>
      operations.some((one) => faultTable[kind].operations.includes(one)) && (counts[kind] ?? 0) < 100,
  )
}

export function tooRare(counts: Counts, operations: readonly FaultOperation[]): string[] {
  return rareKinds(counts, operations).map((kind) => `${kind} was played ${counts[kind] ?? 0} times only`)
}

/** Four to a line. */
function table(counts: Readonly<Record<string, number>>): string[] {
  const cells = Object.entries(counts).map(
    ([name, count]) => `${name.padEnd(18)} ${String(count).padStart(5)}`,
  )
  const lines: string[] = []
  for (let at = 0; at < cells.length; at += 4) lines.push(cells.slice(at, at + 4).join('   '))
  return lines
}

/** Counts by name. */
export interface Tally {
  readonly counts: Readonly<Record<string, number>>
  add(name: string): void
  text(): string
}

export function createTally(): Tally {
  const counts: Record<string, number> = {}
  return {
    counts,
    add(name) {
      counts[name] = (counts[name] ?? 0) + 1
    },
    text: () =>
      Object.entries(counts)
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
  }
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
