import type { Run } from '../../engine.ts'
import type { Dialect } from '../types.ts'

/**
 * The names of a run's outputs in the dialect. `python` has names without extension from the start of the run on. The
 * other dialects have the files at the end.
 */
export function outputNames(dialect: Dialect, run: Run): readonly string[] {
  if (dialect === 'python') return run.startedAt === null ? [] : run.outputNames
  return run.files
}
