import type { FaultKind } from '../faults/types.ts'
import type { Ledger } from '../types.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** What really happened, to be written by those who did it. */
export interface LedgerBook extends Ledger {
  readonly runs: Ledger['runs'][number][]
  readonly faults: Partial<Record<FaultKind, number>>
  readonly results: Record<string, number>
  readonly keys: Mutable<Ledger['keys']> & { readonly elsewhere: Record<string, number> }
}

export function createLedger(): LedgerBook {
  return { runs: [], faults: {}, results: {}, keys: { header: 0, elsewhere: {} } }
}

export function countOne(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
