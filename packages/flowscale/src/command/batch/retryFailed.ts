import type { Batch } from './openBatch.ts'

/**
 * Begins a new attempt for each row whose run failed, or is not known to the server any more. That is noted before the new
 * run is paid for: a process that is killed meanwhile looks for it.
 */
export async function retryFailed(batch: Batch): Promise<void> {
  const rows = new Set<number>()
  for (const [row, { status, runId, error }] of batch.results) {
    if (status === 'failed' || (status === 'unfinished' && runId && error?.status === 404)) rows.add(row)
  }
  for (const row of rows) await batch.noteRun({ row, attempt: (batch.runs.get(row)?.attempt ?? 1) + 1 })
  if (rows.size) await batch.forget(rows)
}
