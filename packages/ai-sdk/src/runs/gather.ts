import type { FileMetadata, Warning } from '../types.ts'
import type { Failure, Outcome, OutputFile } from './outcome.ts'
import { tellFailure } from './tellFailure.ts'

export interface MadeFile extends OutputFile {
  readonly seed: number | null
}

/**
 * Combines the outcomes of runs. If there is at least one file, a failure is only a warning, because the files were paid
 * for. An abort ends the whole call.
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
      message: `A result is missing: ${tellFailure(failure)}`,
    })),
    failures,
  }
}

/** What the AI SDK is given of each file besides its bytes. */
export const metadataOf = (files: readonly MadeFile[]): FileMetadata[] =>
  files.map(({ bytes: _, mediaType: __, ...metadata }) => metadata)
