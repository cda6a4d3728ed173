import { success } from '../../http/answers.ts'
import type { Call } from '../../http/types.ts'

export async function getQueue({ face: { engine, dialect } }: Call): Promise<Response> {
  const containers = await engine.containers()
  return success(
    containers.map(({ name, url, running, pending }) => ({
      ...(dialect !== 'openapi' && { container: name }),
      ...(dialect !== 'readme' && { comfy_uri: url }),
      queue: { queue_running: running, queue_pending: pending },
    })),
  )
}
