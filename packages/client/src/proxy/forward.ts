import { parse, redact } from '../internal/answer.ts'
import { addHeaders, keyHeader } from '../internal/headers.ts'
import { withQuery } from '../internal/query.ts'
import { reveal } from '../internal/secrets.ts'
import { upload } from '../internal/upload.ts'
import { within } from '../internal/within.ts'
import type { Client } from '../types.ts'
import type { Call } from './readCall.ts'
import { own, refuse } from './refuse.ts'

/** Sends a call to the pod, with nothing of the caller's request but the body, and gives what may be seen of the answer. */
export async function forward(
  client: Client,
  { operation, method, runId, query }: Call,
  request: Request,
  maxBodyBytes: number,
): Promise<Response> {
  const { apiKey, headers: source, fetch = globalThis.fetch, logger } = reveal(client)
  const isUpload = operation === 'executeWorkflow'
  const length = Number(request.headers.get('content-length'))
  const type = request.headers.get('content-type') ?? ''
  if (isUpload) {
    if (!/^multipart\/form-data *;/i.test(type) || !request.body)
      return refuse(415, 'Send multipart/form-data')
    if (length > maxBodyBytes) return tooLarge(maxBodyBytes)
  }

  const headers = addHeaders({}, typeof source === 'function' ? await source() : source, apiKey)
  if (apiKey) headers[keyHeader] = apiKey
  const path = `/api/v1/${endpoints[operation](encodeURIComponent(runId))}`
  const url = client.baseUrl + (Object.keys(query).length ? withQuery(path, query) : path)
  const fail = async (status: number, what: string) => {
    // What is wrong with the pod is for the log, and not for everybody.
    try {
      await logger?.error(`${method} ${path} ${what}`, { method, path })
    } catch {}
    return refuse(status, status === 504 ? 'The pod did not answer in time' : 'The pod could not be asked')
  }

  let isTooLarge = false
  const body = isUpload
    ? bound(request.body!, maxBodyBytes, () => {
        isTooLarge = true
      })
    : undefined
  // A caller that leaves must not leave a run behind that nobody knows of: what was sent is seen through.
  const outer = isUpload ? undefined : request.signal
  const timeoutMs = client.timeoutMs + Math.ceil((length || 0) / 262_144) * 1000
  let response: Response | undefined
  try {
    response = await within(timeoutMs, outer, (signal) => {
      const init: RequestInit = { method, headers, signal, redirect: 'manual' }
      if (!body) return fetch(url, init)
      headers['content-type'] = type
      // A stream can only be sent so.
      return upload(body, fetch, url, { ...init, duplex: 'half' } as RequestInit)
    })
  } catch (error) {
    if (outer?.aborted) throw error
    return isTooLarge ? tooLarge(maxBodyBytes) : fail(502, `got no answer: ${redact(String(error), headers)}`)
  }
  if (!response) return fail(504, `timed out after ${timeoutMs}ms`)

  const { status } = response
  if (!status || (status > 299 && status < 400) || status === 401 || status === 403) {
    response.body?.cancel().catch(() => {})
    const why = status === 401 || status === 403 ? 'refused the key of the proxy' : 'was redirected'
    return fail(502, `${why} (${status})`)
  }
  const shown: Record<string, string> = { ...own }
  for (const name of ['retry-after', 'x-request-id']) {
    const value = response.headers.get(name)
    if (value !== null) shown[name] = redact(value, headers)
  }
  const isJson = /\bjson\b/i.test(response.headers.get('content-type') ?? '')
  if (status !== 204) shown['content-type'] = isJson ? 'application/json' : 'text/plain; charset=utf-8'
  if (response.ok && !isUpload) return new Response(response.body, { status, headers: shown })
  // A refusal may echo what it refuses.
  const said = redact(parse(await response.text()), headers)
  const text = typeof said === 'string' ? said : JSON.stringify(said)
  return new Response(status === 204 ? null : text, { status, headers: shown })
}

const endpoints: Readonly<Record<Call['operation'], (runId: string) => string>> = {
  checkHealth: () => 'comfy/health',
  getQueue: () => 'comfy/queue',
  getWorkflows: () => 'comfy/workflows',
  executeWorkflow: () => 'runs',
  getRuns: () => 'runs',
  getOutput: () => 'runs/output',
  cancelRun: (runId) => `runs/${runId}/cancel`,
  getRun: (runId) => `runs/${runId}`,
}

const tooLarge = (bytes: number) => refuse(413, `Send at most ${bytes} bytes`)

/** `body`, which fails once it is longer than `bytes`. */
function bound(
  body: ReadableStream<Uint8Array>,
  bytes: number,
  late: () => void,
): ReadableStream<Uint8Array> {
  let sent = 0
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        sent += chunk.byteLength
        if (sent <= bytes) return controller.enqueue(chunk)
        late()
        controller.error(new Error('The upload is too large'))
      },
    }),
  )
}
