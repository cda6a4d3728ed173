import type { Ended, Submitted } from '../../../comfyui/runRecord.ts'
import { collectFiles } from '../../../comfyui/runs/endOf.ts'
import type { History } from '../server/readHistory.ts'
import { withoutPaths } from './withoutPaths.ts'

/** The end of a run, from the history of ComfyUI. */
export function endOf(run: Submitted, { outputs, success, messages }: History): Ended {
  const timeOf = (message: History['messages'][number] | undefined): number | null => {
    const time = message?.[1].timestamp
    return typeof time === 'number' ? time : null
  }
  const { files, missing } = collectFiles(run, outputs)
  const end = (status: Ended['status'], error: string | null): Ended => ({
    run,
    status,
    error,
    startedAt: timeOf(messages.find(([type]) => type === 'execution_start')),
    completedAt: timeOf(messages.at(-1)) ?? Date.now(),
    files,
  })
  if (success) {
    if (missing === undefined) return end('completed', null)
    return end('failed', `node "${run.titles[missing] ?? missing}" wrote no file`)
  }
  // The status of an interrupted run is that of a failed one.
  const [type, { node_id, node_type, exception_message }] = messages.at(-1) ?? ['', {}]
  if (type === 'execution_interrupted') return end('cancelled', null)
  const title = run.titles[String(node_id)] ?? node_type
  const said = typeof exception_message === 'string' ? withoutPaths(exception_message).trim() : ''
  const message = said || 'ComfyUI gives no reason'
  return end('failed', title ? `${title}: ${message}` : message)
}

/** The end of a run that ComfyUI does not know. */
export function endWithout(run: Submitted, status: Ended['status'], error: string | null): Ended {
  return { run, status, error, startedAt: null, completedAt: Date.now(), files: [] }
}
