import type { Run } from '../types.ts'
import { redact } from './answer.ts'
import { isFailed, toRun } from './data.ts'

/** Reads a run. One that failed may echo the headers of the request in its errors. */
export function readRun(data: unknown, headers: Readonly<Record<string, string>>, id?: string): Run {
  const run = toRun(data, id)
  if (!isFailed(run.status)) return run
  try {
    return redact(run, headers)
  } catch {
    // Nested too deep to be looked through.
    return toRun({ status: run.status }, run._id)
  }
}
