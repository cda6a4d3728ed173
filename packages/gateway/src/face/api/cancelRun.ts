import { failure, success } from '../../http/answers.ts'
import type { Call } from '../../http/types.ts'

export async function cancelRun({ face, id }: Call): Promise<Response> {
  const cancelled = await face.engine.cancelRun(id)
  if (!cancelled) return failure(face.dialect, 404, 'Run not found')
  const { run, hadEnded } = cancelled
  if (hadEnded) return success(`Run has already ended: ${run.status}`)
  const isOver = run.status === 'cancelled'
  return success(isOver ? 'Run cancelled successfully' : `Cancel requested: the run is ${run.status} still`)
}
