// A `fetch` that reaches the API without a network.
import { lazyStream, onAbort, orAborted } from '../runtime.ts'
import { passedOf } from './links.ts'
import type { HttpApi } from './types.ts'

const MOST_HOPS = 20

/** The global `fetch`, as far as an API needs it. */
export type ApiFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface FetchOptions {
  readonly handle: HttpApi['handle']
  /** The origin of the API. */
  readonly url: string
  /** The origin of the files, which may be the same. */
  readonly filesUrl: string
  /** The name of the server in errors. */
  readonly name: string
  /** Whether a redirect to another origin is followed, without the key. Default: it is an error */
  readonly mayLeave?: boolean | undefined
}

/** A `fetch` that reaches one HTTP API and nothing else. */
export function createFetch({ handle, url, filesUrl, name, mayLeave = false }: FetchOptions): ApiFetch {
  return async function call(input, init, hops = 0): Promise<Response> {
    const signal = signalOf(input, init)
    const aborter = new AbortController()
    // Not the caller's signal, which would keep the listener of this Request until a garbage collection.
    const request = new Request(input, { ...init, signal: aborter.signal })
    if (signal?.aborted) throw signal.reason
    const { origin } = new URL(request.url)
    if (origin !== url && origin !== filesUrl) {
      // No key leaves the API.
      if (hops > 0 && mayLeave) return await fetch(input, { ...init, headers: passedOf(request) })
      const origins = url === filesUrl ? url : `${url} and ${filesUrl}`
      throw failed(`The ${name}'s fetch answers for ${origins} only, not for ${origin}`)
    }
    const answer = handle(breakable(request), { filesUrl, files: origin !== url })
    // A derived signal, since Node warns of many listeners on one signal.
    const response = signal
      ? await orAborted(answer, AbortSignal.any([signal]), () => aborter.abort(signal.reason))
      : await answer
    const { redirect } = request
    const location = response.headers.get('location')
    if (location === null || redirect === 'manual') return finish(response, request.url, signal)
    if (redirect === 'error') throw failed('unexpected redirect')
    if (hops === MOST_HOPS) throw failed('redirect count exceeded')
    const { method, body } = request
    const keepsMethod = response.status > 303 || method === 'GET' || method === 'HEAD'
    if (keepsMethod && body && !init?.body) throw failed('the body is used up')
    const headers = init?.headers ?? request.headers
    const next: RequestInit = { ...init, headers, signal, method: keepsMethod ? method : 'GET' }
    if (!keepsMethod) delete next.body
    return await call(new URL(location, request.url), next, hops + 1)
  }
}

/** The same request with a body that breaks off at an abort, as on a wire. */
function breakable(request: Request): Request {
  if (!request.body) return request
  const body = request.body.pipeThrough(new TransformStream(), { signal: request.signal })
  return new Request(request, { body, duplex: 'half' } as RequestInit)
}

function failed(why: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(why) })
}

function signalOf(input: string | URL | Request, init: RequestInit | undefined): AbortSignal | null {
  if (init?.signal !== undefined) return init.signal
  return input instanceof Request ? input.signal : null
}

/** Gives the response its URL, and a body that an abort ends with the caller's reason, as with a real fetch. */
function finish(response: Response, url: string, signal: AbortSignal | null): Response {
  const body = signal && response.body ? abortable(response.body, signal) : response.body
  const { status, statusText, headers } = response
  const finished = new Response(body, { status, statusText, headers })
  Object.defineProperty(finished, 'url', { value: url.replace(/#.*/, ''), configurable: true })
  return finished
}

function abortable(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let forget: (() => void) | undefined
  const cancel = (reason: unknown): Promise<void> => {
    forget?.()
    return reader.cancel(reason)
  }
  return lazyStream(async (controller) => {
    if (signal.aborted) throw signal.reason
    // An abort also counts between two reads, and ends a body that hangs.
    forget ??= onAbort(AbortSignal.any([signal]), () => {
      controller.error(signal.reason)
      reader.cancel(signal.reason).catch(() => {})
    })
    const { done, value } = await reader.read().catch((error: unknown) => {
      forget!()
      throw error
    })
    if (signal.aborted) return
    if (!done) return controller.enqueue(value)
    forget()
    controller.close()
  }, cancel)
}
