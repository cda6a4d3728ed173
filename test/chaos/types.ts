import type { Ledger } from '@flowscale/emulator'

/** How much: `short` in `npm test`, `full` in `npm run test:chaos`, `long` without a limit. */
export type Scale = 'short' | 'full' | 'long'

export interface Settings {
  /** Everything random comes from it: the same seed is the same run. */
  seed: number
  scale: Scale
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

/** One of the numbers that `npm run test:chaos` prints. */
export interface Part {
  name: string
  run(settings: Settings): Promise<Finding>
}
