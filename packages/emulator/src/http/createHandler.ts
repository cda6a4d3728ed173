import { serveFile } from '../files/serveFile.ts'
import { makeRequestId } from '../internal/ids.ts'
import type { Pod } from '../pod/types.ts'
import type { Where } from '../types.ts'
import { failure } from './answers.ts'
import { allowOrigins, preflight } from './cors.ts'
import { routes } from './routes.ts'

export function createHandler(pod: Pod): (request: Request, where: Where) => Promise<Response> {
  return async (request, where) => {
    pod.stats.requests++
    const requestId = makeRequestId(pod.randomRequestIds)
    let response: Response
    try {
      response =
        preflight(request) ?? (where.files ? serveFile(pod, request) : await serveApi(pod, request, where))
    } catch (error) {
      // Nobody waits for the answer to an aborted request; for a caller of handle it is the reason that counts.
      if (request.signal.aborted) throw request.signal.reason
      const message = error instanceof Error ? error.message : String(error)
      response = failure(pod.settings.dialect, 500, `Internal error of the emulator: ${message}`)
    }
    response.headers.set('x-request-id', requestId)
    allowOrigins(response.headers)
    return response
  }
}

async function serveApi(pod: Pod, request: Request, where: Where): Promise<Response> {
  const { dialect, apiKey } = pod.settings
  const { pathname, searchParams } = new URL(request.url)
  const fitting = routes(dialect).filter((route) => route.path.test(pathname))
  if (fitting.length === 0) return failure(dialect, 404, 'Not Found')
  const route = fitting.find(({ method }) => method === request.method)
  if (!route) {
    const answer = failure(dialect, 405, 'Method Not Allowed')
    answer.headers.set('allow', [...new Set(fitting.map(({ method }) => method))].join(', '))
    return answer
  }
  const key = request.headers.get('x-api-key')
  if (!key) return failure(dialect, 401, 'Missing API key: send it in the X-API-KEY header')
  if (key !== apiKey) return failure(dialect, 403, 'Invalid API key')
  const id = decode(route.path.exec(pathname)?.[1] ?? '')
  if (id === null) return failure(dialect, 404, 'Not Found')
  return await route.answer({
    pod,
    request,
    query: searchParams,
    id,
    filesUrl: where.filesUrl.replace(/\/+$/, ''),
    maxUploadBytes: where.maxUploadBytes ?? Number.POSITIVE_INFINITY,
  })
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}
