import { failure, json, missing, success, unprocessable } from '../../http/answers.ts'
import type { Call } from '../../http/types.ts'
import { linkTo } from '../files/linkTo.ts'

export async function getOutput({ face, query, filesUrl }: Call): Promise<Response> {
  const filename = query.get('filename')
  if (!filename) return unprocessable([missing('query', 'filename')])
  const found = await face.engine.findOutput(filename)
  if (!found) return failure(face.dialect, 404, 'Output not found')
  const { run, file } = found
  if (file !== undefined) {
    const url = await linkTo(face, run.id, file, filesUrl)
    return success({ download_url: url, generation_status: 'success' })
  }
  if (run.completedAt === null) return new Response(null, { status: 204 })
  return json(200, {
    status: 'failed',
    errors: [run.error ?? 'The run was cancelled'],
    data: { download_url: null, generation_status: 'failed' },
  })
}
