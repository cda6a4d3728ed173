import type { Fetch } from '../types.ts'
import { uploadBody } from './uploadBody.ts'

/**
 * Sends a form, or its bytes. Each attempt needs a new form. With `redirect: 'error'` Node streams the form; otherwise
 * Node copies it in memory, to follow a redirect. With that mode pages lose the address of the redirect, and workerd
 * has no such mode. The form is never sent as a text: after a reset, Deno sends a text again, which starts a second run.
 *
 * For pages and Workers the package's `imports` replace this file with `upload.browser.ts`.
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
    // With this mode Node 20 and 22 forget the signal after the headers: a body that stalls would never end. A 204 has
    // no body, and the body of a custom `fetch` may be of another kind.
    if (redirect === 'error' && body && body.constructor === globalThis.ReadableStream) {
      response.text = () => readText(body, init.signal!)
    }
    return response
  } catch (error) {
    if (redirect === 'error' && isRefusal(error)) return Response.error()
    throw error
  }
}

/** Reads a body; an abort cancels it. A pipe with the signal would be several times slower. */
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

/** Whether fetch threw because of a redirect. Each runtime has its own words for that. */
function isRefusal(error: unknown): boolean {
  const { message, code, cause } = Object(error)
  return /unexpected ?redirect|redirect mode/i.test(`${message} ${code} ${cause?.message}`)
}
