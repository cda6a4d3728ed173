import { success } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'
import type { Run } from '../pod/types.ts'

export function getQueue({ pod }: Call): Response {
  const { dialect } = pod.settings
  return success(
    pod.containers.map(({ name, uri, running, pending }) => ({
      ...(dialect !== 'openapi' && { container: name }),
      ...(dialect !== 'readme' && { comfy_uri: uri }),
      queue: { queue_running: running ? [entry(running)] : [], queue_pending: pending.map(entry) },
    })),
  )
}

function entry(run: Run): [number, string] {
  return [run.number, run.id]
}
