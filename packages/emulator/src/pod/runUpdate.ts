import { outputNames } from '../api/outputNames.ts'
import type { RunUpdate } from '../types.ts'
import type { Pod, Run } from './types.ts'

/** How a run stands, as listeners see it. */
export function runUpdate(pod: Pod, run: Run): RunUpdate {
  const { id, status, progress } = run
  return { run_id: id, status, progress, output_names: outputNames(pod.settings.dialect, run) }
}
