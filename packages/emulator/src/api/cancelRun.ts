import { failure, success } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'
import { endRun } from '../pod/advance.ts'

export function cancelRun({ pod, id }: Call): Response {
  const run = pod.runs.get(id)
  if (!run) return failure(pod.settings.dialect, 404, 'Run not found')
  if (run.completedAt !== null) return success(`Run has already ended: ${run.status}`)
  endRun(pod, run, 'cancelled')
  return success('Run cancelled successfully')
}
