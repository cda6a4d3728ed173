import { success } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'

export function checkHealth({ pod }: Call): Response {
  return success(
    pod.containers.map(({ name, uri, running }) => {
      if (pod.settings.dialect !== 'readme') return { url: uri, status: pod.closed ? 'stopped' : 'running' }
      return { container: name, status: pod.closed ? 'stopped' : running ? 'running' : 'idle' }
    }),
  )
}
