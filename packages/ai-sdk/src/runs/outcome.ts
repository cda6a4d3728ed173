import type { RunResult } from '@flowscale/client'

/** The ids of the other runs, if the server started several for one request. */
export const othersOf = ({ others }: Pick<RunResult, 'others'>): { others?: string[] } =>
  others ? { others: others.map(({ run_id }) => run_id) } : {}

/** An output of a run as bytes. */
export interface OutputFile {
  readonly runId: string
  readonly others?: string[]
  readonly filename: string
  /** Signed and expiring. */
  readonly url: string | null
  readonly mediaType: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Why a run, or one of its files, is missing. */
export interface Failure {
  readonly runId?: string | undefined
  readonly error: unknown
}

/** The outcome of one run. */
export interface Outcome {
  readonly files: readonly OutputFile[]
  readonly failures: readonly Failure[]
}
