import { failure, success } from '../answers.ts'
import { showRun } from '../shown/showRun.ts'
import type { Call } from '../types.ts'

export async function getRun({ face, id, filesUrl }: Call): Promise<Response> {
  const run = await face.engine.getRun(id)
  return run ? success(await showRun(face, run, filesUrl)) : failure(face.dialect, 404, 'Run not found')
}
