import { success } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'

export function checkHealth({ pod }: Call): Response {
  const { dialect } = pod.settings
  return success(
    pod.containers.map(({ name, uri, running }) => {
      const status = pod.closed ? 'stopped' : running || dialect !== 'readme' ? 'running' : 'idle'
      return {
        ...(dialect !== 'openapi' && { container: name }),
        ...(dialect !== 'readme' && { url: uri }),
        status,
      }
    }),
  )
}
