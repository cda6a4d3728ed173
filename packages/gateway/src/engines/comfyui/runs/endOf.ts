import type { Ended, Submitted } from '../records/types.ts'
import type { History } from '../server/readHistory.ts'
import { collectFiles } from './collectFiles.ts'
import { withoutPaths } from './withoutPaths.ts'

/** The end of a run, from what ComfyUI keeps of it. */
export function endOf(run: Submitted, { outputs, success, messages }: History): Ended {
  const timeOf = (at: number | undefined): number | null => {
    const time = messages[at ?? -1]?.[1]?.timestamp
    return typeof time === 'number' ? time : null
  }
  const startedAt = timeOf(messages.findIndex(([type]) => type === 'execution_start'))
  const { files, missing } = collectFiles(run, outputs)
  const ended = { run, files, startedAt, completedAt: timeOf(messages.length - 1) ?? Date.now() }
  if (success && missing === undefined) return { ...ended, status: 'completed', error: null }
  if (success) {
    const error = `node "${run.titles[missing!] ?? missing}" wrote no file`
    return { ...ended, status: 'failed', error }
  }
  // The status of an interrupted run is that of a failed one.
  const [type, data] = messages.at(-1) ?? []
  if (type === 'execution_interrupted') return { ...ended, status: 'cancelled', error: null }
  return { ...ended, status: 'failed', error: messageOf(run, data ?? {}) }
}

function messageOf(
  run: Submitted,
  { node_id, node_type, exception_message }: Readonly<Record<string, unknown>>,
): string {
  const title = run.titles[String(node_id)] ?? node_type
  const told = typeof exception_message === 'string' ? withoutPaths(exception_message).trim() : ''
  const message = told || 'ComfyUI says no more than that it failed'
  return title ? `${title}: ${message}` : message
}

/** The end of a run that ComfyUI tells nothing of. */
export function endWithout(
  run: Submitted,
  status: 'failed' | 'cancelled' | 'refused',
  error: string | null,
): Ended {
  return { run, status, error, startedAt: null, completedAt: Date.now(), files: [] }
}
