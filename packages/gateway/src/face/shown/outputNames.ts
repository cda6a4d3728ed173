import type { Run } from '../../engine.ts'
import type { Dialect } from '../types.ts'

/**
 * The names of a run's outputs as the dialect's run shows them: `python` has them, without extension, from the moment
 * the run is going, and they stay as they are; the others have the files, once they are there.
 */
export function outputNames(dialect: Dialect, run: Run): readonly string[] {
  if (dialect === 'python') return run.startedAt === null ? [] : run.outputNames
  return run.files
}
