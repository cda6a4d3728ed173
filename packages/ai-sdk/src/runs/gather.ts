import type { FileMetadata, Warning } from '../types.ts'
import type { OutputFile } from './readFiles.ts'
import { tellFailure } from './tellFailure.ts'

/** Why a run, or one of its files, is missing. */
export interface Failure {
  readonly runId?: string | undefined
  readonly error: unknown
}

/** What came of one run. */
export interface Outcome {
  readonly files: readonly OutputFile[]
  readonly failures: readonly Failure[]
}

export interface MadeFile extends OutputFile {
  readonly seed: number | null
}

/**
 * Puts together what came of runs. With one file or more a failure is a warning, as the files were paid for; an abort ends
 * all.
 */
export function gather(
  outcomes: readonly Outcome[],
  seeds: readonly (number | null)[],
  signal: AbortSignal | undefined,
): { files: MadeFile[]; warnings: Warning[]; failures: Failure[] } {
  const failures = outcomes.flatMap((outcome) => outcome.failures)
  if (failures.length) signal?.throwIfAborted()
  return {
    files: outcomes.flatMap(({ files }, index) =>
      files.map((file) => ({ ...file, seed: seeds[index] ?? null })),
    ),
    warnings: failures.map((failure) => ({
      type: 'other',
      message: `One is missing: ${tellFailure(failure)}`,
    })),
    failures,
  }
}

/** What the AI SDK is given of each file besides its bytes. */
export const metadataOf = (files: readonly MadeFile[]): FileMetadata[] =>
  files.map(({ runId, seed, filename, url }) => ({ runId, seed, filename, url }))
