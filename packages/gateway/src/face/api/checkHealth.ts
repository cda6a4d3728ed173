import { success } from '../../http/answers.ts'
import type { Call } from '../../http/types.ts'

export async function checkHealth({ face: { engine, dialect } }: Call): Promise<Response> {
  const containers = await engine.containers()
  return success(
    containers.map(({ name, url, status }) => ({
      ...(dialect !== 'openapi' && { container: name }),
      ...(dialect !== 'readme' && { url }),
      // Only the README knows of containers that are idle.
      status: status === 'idle' && dialect !== 'readme' ? 'running' : status,
    })),
  )
}
