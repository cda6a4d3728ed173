import type { Fetch } from '../types.ts'
import { uploadBody } from './uploadBody.ts'

/**
 * Sends a form, or the bytes of one, to be built anew for each attempt since a sent one is used up. With
 * `redirect: 'error'` Node streams it; else it copies the whole upload in memory, to be able to follow a redirect.
 * Pages lose the redirect's address by that mode, and workerd lacks it.
 * Never its text: after a reset, Deno sends a text again by itself, which starts a second run.
 *
 * The package's `imports` put `upload.browser.ts` in its place where a bundle is for pages or Workers.
 */
export async function upload(
  form: FormData | ReadableStream<Uint8Array>,
  fetch: Fetch,
  url: string,
  init: RequestInit,
  isPageOrWorker: boolean,
): Promise<Response> {
  const redirect = isPageOrWorker ? 'manual' : 'error'
  try {
    const isOurs = !isPageOrWorker && form instanceof FormData && fetch === globalThis.fetch
    const sent = isOurs ? await uploadBody(form) : { body: form }
    const headers = { ...init.headers, ...sent.headers }
    const response = await fetch(url, { ...init, ...sent, headers, redirect })
    const { body } = response
    // With this mode Node 20 and 22 forget the signal once the headers are there: a body that stalls would be held
    // for ever. A 204 has no body; that of a `fetch` of the caller's may be of another kind.
    if (redirect === 'error' && body && body.constructor === globalThis.ReadableStream) {
      response.text = () => readText(body, init.signal!)
    }
    return response
  } catch (error) {
    if (redirect === 'error' && isRefusal(error)) return Response.error()
    throw error
  }
}

/** Reads a body, which an abort lets go of. A pipe with the signal would do the same in several times the time. */
async function readText(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const stop = () => reader.cancel().catch(() => {})
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    for (let text = ''; ; ) {
      const { done, value } = await reader.read()
      text += decoder.decode(value, { stream: !done })
      if (done) return text
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Whether fetch threw since it met a redirect; each runtime says so in words of its own. */
function isRefusal(error: unknown): boolean {
  const { message, code, cause } = Object(error)
  return /unexpected ?redirect|redirect mode/i.test(`${message} ${code} ${cause?.message}`)
}
