import { brokenBy } from '../face/breakOff.ts'
import { allowOrigins, preflight } from '../face/cors.ts'
import { type Route, routesOf } from '../face/routes.ts'
import { sameText } from '../face/sameText.ts'
import { answerError, failure } from './answers.ts'
import { serveFile } from './links.ts'
import type { Face, OpenFace, Operation, Where } from './types.ts'

export function createHandler(face: OpenFace): Face['handle'] {
  const routes = routesOf(face.dialect)
  return async (request, where) => {
    const requestId = face.makeRequestId()
    const response = preflight(request) ?? (await answer(face, routes, request, where, requestId))
    response.headers.set('x-request-id', requestId)
    allowOrigins(response.headers)
    return response
  }
}

async function answer(
  face: OpenFace,
  routes: readonly Route[],
  request: Request,
  where: Where,
  requestId: string,
): Promise<Response> {
  function failed(error: unknown): Response {
    // Nobody waits for the answer to an aborted request; for a caller of handle it is the reason that counts.
    if (request.signal.aborted) throw request.signal.reason
    if (brokenBy(error)) throw error
    return answerError(face, error)
  }

  const { pathname, search, searchParams } = new URL(request.url)
  const filesUrl = where.filesUrl.replace(/\/+$/, '')
  const isFile = where.files || (face.oneOrigin && pathname.startsWith('/generations/'))
  const fitting = isFile ? [] : routes.filter(({ path }) => path.test(pathname))
  const route = fitting.find(({ method }) => method === request.method)

  async function serveApi(): Promise<Response> {
    if (fitting.length === 0) return failure(face.dialect, 404, 'Not Found')
    if (!route) {
      const refusal = failure(face.dialect, 405, 'Method Not Allowed')
      refusal.headers.set('allow', [...new Set(fitting.map(({ method }) => method))].join(', '))
      return refusal
    }
    const key = request.headers.get('x-api-key')
    if (face.apiKey !== null) {
      if (!key) return failure(face.dialect, 401, 'Missing API key: send it in the X-API-KEY header')
      if (!sameText(key, face.apiKey)) return failure(face.dialect, 403, 'Invalid API key')
    }
    const id = decode(route.path.exec(pathname)?.[1] ?? '')
    if (id === null) return failure(face.dialect, 404, 'Not Found')
    const maxBodyBytes = where.maxBodyBytes ?? Number.POSITIVE_INFINITY
    return await route.answer({
      face,
      request,
      query: searchParams,
      id,
      filesUrl,
      maxBodyBytes,
      requestId,
    })
  }

  const perform = (): Promise<Response> =>
    (isFile ? serveFile(face, request, where) : serveApi()).catch(failed)
  const operation: Operation | undefined = isFile ? 'downloadOutput' : route?.operation
  if (!operation || !face.around) return await perform()
  const target = isFile ? pathname : pathname + search
  return await face.around(operation, target, { request, filesUrl, perform }).catch(failed)
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}
