import { failure, success } from '../../http/answers.ts'
import { showRun } from '../../http/runJson.ts'
import type { Call } from '../../http/types.ts'

export async function getRun({ face, id, filesUrl }: Call): Promise<Response> {
  const run = await face.engine.getRun(id)
  return run ? success(await showRun(face, run, filesUrl)) : failure(face.dialect, 404, 'Run not found')
}
