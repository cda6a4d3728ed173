import { linkTo } from '../files/linkTo.ts'
import { failure, json, missing, success, unprocessable } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'
import type { Pod } from '../pod/types.ts'

export function getOutput({ pod, query, filesUrl }: Call): Response {
  const filename = query.get('filename')
  if (!filename) return unprocessable([missing('query', 'filename')])
  const found = find(pod, filename)
  if (!found) return failure(pod.settings.dialect, 404, 'Output not found')
  const { run, output } = found
  if (output.file) {
    const url = linkTo(pod, run, output.file.filename, filesUrl)
    return success({ download_url: url, generation_status: 'success' })
  }
  if (run.completedAt === null) return new Response(null, { status: 204 })
  return json(200, {
    status: 'failed',
    errors: [run.error ?? 'The run was cancelled'],
    data: { download_url: null, generation_status: 'failed' },
  })
}

/** By the name with or without extension; what the extension is, shows only when the file is there. */
function find(pod: Pod, filename: string): ReturnType<Pod['byOutput']['get']> {
  const bare = pod.byOutput.get(filename)
  if (bare) return bare
  const found = pod.byOutput.get(filename.replace(/\.[A-Za-z0-9]+$/, ''))
  return found?.output.file && found.output.file.filename !== filename ? undefined : found
}
