import { failure, success } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'
import { showRun } from './showRun.ts'

export function getRun({ pod, id, filesUrl }: Call): Response {
  const run = pod.runs.get(id)
  return run ? success(showRun(pod, run, filesUrl)) : failure(pod.settings.dialect, 404, 'Run not found')
}
