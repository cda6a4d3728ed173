import type { Fetch } from '../types.ts'
import { isWorkerd } from './runtime.ts'

/** A part of a form: a text, or a file with its name. */
export type FormPart =
  | readonly [name: string, value: string]
  | readonly [name: string, value: Blob, filename: string]

/** How the `fetch` of Node and of Deno begins. Code that replaced it may send a request again by itself. */
const ownFetch = /lazyUndici|deps\/undici|lazyFetch|TRACING_ENABLED/

/**
 * Sends the inputs of a run. A surely refused connection becomes a 429 whose body fails with the error: nothing was sent, so
 * the submission may be repeated. On Bun and in pages, a refused connection looks like a lost one.
 *
 * Bundles for pages and Workers have `upload.browser.ts` instead, by the field `browser` of package.json.
 */
export async function upload(
  parts: readonly FormPart[],
  toForm: (parts: readonly FormPart[]) => FormData,
  fetch: Fetch,
  url: string,
  init: RequestInit,
): Promise<Response> {
  try {
    return await sendParts(parts, toForm, fetch, url, init)
  } catch (error) {
    if (fetch !== globalThis.fetch || !ownFetch.test(`${fetch}`) || !isRefused(error)) throw error
    return { status: 429, text: () => Promise.reject(error) } as Response
  }
}

/** Whether no connection came about. Node tells it by a code and a system call for each address, Deno in words. */
function isRefused(error: unknown): boolean {
  const { cause = error } = Object(error)
  const { code, syscall, errors } = Object(cause)
  if (errors?.length) return errors.every(isRefused)
  const isConnect = syscall === 'connect' || syscall === 'getaddrinfo'
  const words = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$|client error \(Connect\)/
  return words.test(isConnect ? code : `${cause}`)
}

/**
 * A runtime must not repeat the request by itself, because the repetition would start a second run. Node repeats a form, a
 * Blob, bytes or a text after a 421, but never a stream: so Node gets a stream. Deno repeats bytes or a text after a reset,
 * and Bun drops files from a Blob of several parts: so all other runtimes get a form.
 */
function sendParts(
  parts: readonly FormPart[],
  toForm: (parts: readonly FormPart[]) => FormData,
  fetch: Fetch,
  url: string,
  init: RequestInit,
): Promise<Response> {
  // The fetch of a package, such as undici, may refuse the stream of the runtime.
  if (fetch !== globalThis.fetch || !isNode()) return send(fetch, url, { ...init, body: toForm(parts) })
  // Node 18 has no global `crypto`.
  const boundary = `----${globalThis.crypto?.randomUUID() ?? Math.random()}`
  const pieces: BlobPart[] = []
  let text = ''
  // The form is written as the `fetch` of Node writes it. No name needs an escape, because the inputs were checked.
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
  const bytes = new TextEncoder().encode(text)
  const blob = pieces.length ? new Blob([...pieces, bytes]) : undefined
  const headers = {
    ...init.headers,
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': `${blob?.size ?? bytes.length}`,
  }
  const body = blob?.stream() ?? streamOf(bytes)
  return send(fetch, url, { ...init, body, headers, duplex: 'half' } as RequestInit, !blob)
}

/** Whether this is Node. Newer versions of workerd have a `nodeTiming` with this name, too. */
const isNode = (): boolean =>
  !isWorkerd() && (performance as { nodeTiming?: { name?: string } }).nodeTiming?.name === 'node'

/** A stream of one chunk. For a small form the stream of a Blob costs more time than the rest of the request. */
const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })

/**
 * Sends a body that may be large. Node streams it with `redirect: 'error'` only; in other modes Node keeps a copy in memory,
 * for a redirect. Other runtimes need no such mode: it would hide the status of a redirect, and workerd refuses it.
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
    // In this mode Node 20 and 22 forget the signal after the headers, so an abort would not end a body that stalls. A 204
    // has no body, and a custom `fetch` may return one of another class. The `Response` of @hono/node-server, which that
    // server makes the global one, takes no assignment.
    if (body?.getReader)
      Object.defineProperty(response, 'text', { value: () => readText(body, init.signal!) })
    return response
  } catch (error) {
    // Only the messages of undici and of node-fetch show that the cause is a redirect.
    if (/unexpected redirect|redirect mode/i.test(`${error} ${Object(error).cause}`)) return Response.error()
    throw error
  }
}

/** Reads a body until its end or an abort. `pipeTo` with the signal would take several times as long. */
async function readText(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const stop = () => reader.cancel().catch(() => {})
  // The signal belongs to one attempt, so the listener need not be removed.
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  for (let text = ''; ; ) {
    const { done, value } = await reader.read()
    text += decoder.decode(value, { stream: !done })
    if (done) return text
  }
}
