import type { Run } from '../../engine.ts'
import type { Dialect, RunUpdate } from '../../http/types.ts'
import { outputNames } from './outputNames.ts'

/** How a run stands, as listeners see it. */
export function runUpdate(dialect: Dialect, run: Run): RunUpdate {
  const { id, status, progress, position, node } = run
  return {
    run_id: id,
    status,
    progress,
    ...(position !== undefined && { position }),
    ...(node !== undefined && { node }),
    output_names: outputNames(dialect, run),
  }
}
