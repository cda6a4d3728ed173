import type { Fetch } from '../types.ts'
import type { Part } from './form.ts'

/**
 * Sends the inputs. After a 421 Node's fetch sends a form, a Blob, bytes or a text again, which starts a second run.
 * After a reset Deno sends bytes or a text again. Node never repeats a stream, so Node gets one, and all other
 * runtimes get the form of `toForm`. Bun would drop files from a body that is written here.
 *
 * For pages and Workers the package's `imports` replace this file with `upload.browser.ts`.
 */
export function upload(
  parts: readonly Part[],
  toForm: (parts: readonly Part[]) => FormData,
  fetch: Fetch,
  url: string,
  init: RequestInit,
): Promise<Response> {
  // Another fetch, such as that of undici, may know no stream.
  if (fetch !== globalThis.fetch || !isNode()) return send(fetch, url, { ...init, body: toForm(parts) })
  // Node 18 has no global `crypto`.
  const boundary = `----${globalThis.crypto?.randomUUID() ?? Math.random()}`
  const pieces: BlobPart[] = []
  let text = ''
  // As the fetch of Node writes a form. The inputs were checked: no name needs an escape.
  for (const [name, value, filename] of parts) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`
    if (typeof value === 'string') text += `\r\n\r\n${value.replace(/\r?\n|\r/g, '\r\n')}\r\n`
    else {
      const type = value.type || 'application/octet-stream'
      pieces.push(`${text}; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`, value)
      text = '\r\n'
    }
  }
  text += `--${boundary}--\r\n`
  const isSmall = !pieces.length
  const whole = isSmall ? new TextEncoder().encode(text) : new Blob([...pieces, text])
  const [body, length] =
    whole instanceof Blob ? [whole.stream(), whole.size] : [streamOf(whole), whole.length]
  const headers = {
    ...init.headers,
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': `${length}`,
  }
  return send(fetch, url, { ...init, body, headers, duplex: 'half' } as RequestInit, isSmall)
}

/** Whether this is Node: no other runtime gives that entry a name. */
const isNode = (): boolean => (performance as { nodeTiming?: { name?: string } }).nodeTiming?.name === 'node'

/** In one chunk. The stream of a Blob costs more than a small form. */
const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })

/**
 * Sends a body that may be large. With `redirect: 'error'` Node streams it; otherwise Node copies it in memory, to follow a
 * redirect. Elsewhere that mode would only hide the redirect, and workerd has no such mode.
 */
export async function send(
  fetch: Fetch,
  url: string,
  init: RequestInit,
  isSmall?: boolean,
): Promise<Response> {
  if (isSmall || !isNode()) return fetch(url, init)
  try {
    const response = await fetch(url, { ...init, redirect: 'error' })
    const { body } = response
    // With this mode Node 20 and 22 forget the signal after the headers: a body that stalls would never end. A 204 has
    // no body, and the body of a custom `fetch` may be of another kind.
    if (body?.getReader) response.text = () => readText(body, init.signal!)
    return response
  } catch (error) {
    // The words of undici and of node-fetch.
    if (/unexpected redirect|redirect mode/i.test(`${error} ${Object(error).cause}`)) return Response.error()
    throw error
  }
}

/** Reads a body; an abort cancels it. A pipe with the signal would be several times slower. */
async function readText(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const stop = () => reader.cancel().catch(() => {})
  if (signal.aborted) stop()
  // The signal is that of one attempt, so the listener goes with it.
  signal.addEventListener('abort', stop)
  for (let text = ''; ; ) {
    const { done, value } = await reader.read()
    text += decoder.decode(value, { stream: !done })
    if (done) return text
  }
}
