import { brokenBy } from '../faults/breakOff.ts'
import { serveFile } from '../files/serveFile.ts'
import { makeRequestId } from '../internal/ids.ts'
import { noteKeys } from '../pod/noteKeys.ts'
import type { Pod } from '../pod/types.ts'
import type { Where } from '../types.ts'
import { failure } from './answers.ts'
import { allowOrigins, preflight } from './cors.ts'
import { type Route, routes } from './routes.ts'

export function createHandler(pod: Pod): (request: Request, where: Where) => Promise<Response> {
  return async (request, where) => {
    pod.stats.requests++
    noteKeys(pod, request.url, request.headers, where.files)
    const requestId = makeRequestId(pod.randomRequestIds)
    let response: Response
    try {
      response = preflight(request) ?? (await answer(pod, request, where, requestId))
    } catch (error) {
      // Nobody waits for the answer to an aborted request; for a caller of handle it is the reason that counts.
      if (request.signal.aborted) throw request.signal.reason
      if (brokenBy(error)) throw error
      const message = error instanceof Error ? error.message : String(error)
      response = failure(pod.settings.dialect, 500, `Internal error of the emulator: ${message}`)
    }
    response.headers.set('x-request-id', requestId)
    allowOrigins(response.headers)
    return response
  }
}

/** The true answer, or what a fault makes of it. */
async function answer(pod: Pod, request: Request, where: Where, requestId: string): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const filesUrl = where.filesUrl.replace(/\/+$/, '')
  if (where.files) {
    const perform = async (): Promise<Response> => serveFile(pod, request)
    return await pod.faults.play('downloadOutput', pathname, { request, filesUrl, perform })
  }
  const { operation } = routes(pod.settings.dialect).find(fits(pathname, request.method)) ?? {}
  const perform = (): Promise<Response> => serveApi(pod, request, where, requestId)
  return operation
    ? await pod.faults.play(operation, pathname + search, { request, filesUrl, perform })
    : await perform()
}

function fits(pathname: string, method: string): (route: Route) => boolean {
  return (route) => route.method === method && route.path.test(pathname)
}

async function serveApi(pod: Pod, request: Request, where: Where, requestId: string): Promise<Response> {
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
    requestId,
  })
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}
