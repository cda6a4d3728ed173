import type { FileMetadata, Warning } from '../types.ts'
import type { OutputFile } from './readFiles.ts'

/** Why a run gave no files. */
export interface Failure {
  readonly runId?: string | undefined
  readonly error: unknown
}

/** What came of one run. */
export type Outcome = { readonly runId?: string | undefined; readonly files: readonly OutputFile[] } | Failure

export interface MadeFile extends OutputFile {
  readonly seed: number | null
}

/**
 * Puts together what came of runs. With one file or more a run that failed is a warning, as the others were paid for; an
 * abort ends all.
 */
export function gather(
  outcomes: readonly Outcome[],
  seeds: readonly (number | null)[],
  signal: AbortSignal | undefined,
): { files: MadeFile[]; warnings: Warning[]; failures: Failure[] } {
  const failures = outcomes.filter((outcome) => 'error' in outcome)
  if (failures.length) signal?.throwIfAborted()
  return {
    files: outcomes.flatMap((outcome, index) =>
      'files' in outcome ? outcome.files.map((file) => ({ ...file, seed: seeds[index] ?? null })) : [],
    ),
    warnings: failures.map(({ error }) => ({
      type: 'other',
      message: `One is missing: ${Object(error).message ?? error}`,
    })),
    failures,
  }
}

/** What the AI SDK is given of each file besides its bytes. */
export const metadataOf = (files: readonly MadeFile[]): FileMetadata[] =>
  files.map(({ runId, seed, filename, url }) => ({ runId, seed, filename, url }))
