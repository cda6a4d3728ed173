import type { Run } from '../../engine.ts'
import type { Dialect } from '../../http/types.ts'

/**
 * The names of a run's outputs in the dialect. `python` has them from the start of the run, without extension. The
 * other dialects have the names of the files, when the files exist.
 */
export function outputNames(dialect: Dialect, run: Run): readonly string[] {
  if (dialect === 'python') return run.startedAt === null ? [] : run.outputNames
  return run.files
}
