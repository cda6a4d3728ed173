import type { Ledger } from '../types.ts'

/** The ledger on one line, its lists as their lengths. */
export function ledgerLine({ runs, results, faults, keys }: Ledger): string {
  return `ledger ${JSON.stringify({ runs: runs.length, results: Object.keys(results).length, faults, keys })}\n`
}
