// The gateway over HTTP, for a worker that dials in.
import type { Outcome } from '../../workerPort.ts'
import { Crowded, NotWelcome, type Port, Refused } from './news.ts'

interface DistantOptions {
  /** Such as `https://gateway.example.com`. */
  readonly gateway: string
  readonly key: string
  readonly name: string
}

const TIMEOUT_MS = 30_000
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'give it a --name of 1 to 64 letters, digits and "._-", and update both',
  401: 'its key is not the one for workers',
  403: 'its key is not the one for workers',
  404: 'start the gateway with --workers',
}
/** For a file. */
const LONG_MS = 3_600_000

export function createDistantPort({ gateway, key, name }: DistantOptions): Port {
  const session = crypto.randomUUID()

  async function call(
    method: string,
    path: readonly string[],
    init: Pick<RequestInit, 'body' | 'signal'> & { timeoutMs?: number } = {},
  ): Promise<Response> {
    const { timeoutMs = TIMEOUT_MS, signal, body } = init
    const timeout = AbortSignal.timeout(timeoutMs)
    const response = await fetch(`${gateway}/api/v1/worker/${path.map(encodeURIComponent).join('/')}`, {
      method,
      body: body ?? null,
      ...(body instanceof ReadableStream && { duplex: 'half' }),
      // No redirect gets the key.
      redirect: 'error',
      headers: { 'x-api-key': key, 'x-worker': name, 'x-worker-session': session },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    } as RequestInit)
    if (response.ok) return response
    await response.body?.cancel()
    if (response.status === 409) throw new Refused('session')
    if (response.status === 410) throw new Refused('run')
    if (response.status === 429) throw new Crowded()
    const why = REFUSALS[response.status]
    if (why !== undefined) throw new NotWelcome(why)
    throw new Error(`The gateway answered with ${response.status}`)
  }

  async function post<T>(path: readonly string[], value: object = {}, signal?: AbortSignal): Promise<T> {
    const response = await call('POST', path, { body: JSON.stringify(value), ...(signal && { signal }) })
    return (await response.json()) as T
  }

  return {
    poll: (state, signal) => post(['poll'], state, signal),
    send: async (id) => (await post<{ mark?: number }>(['send', id])).mark,
    giveBack: (id, mark) => post(['back', id], { mark }),
    report: (id, progress, isDone) => post(['report', id], { ...progress, isDone }),
    async putPreview(id, data) {
      await call('PUT', ['preview', id], { body: data as Uint8Array<ArrayBuffer> })
    },
    async openInput(id, file) {
      const { body, headers } = await call('GET', ['inputs', id, file], { timeoutMs: LONG_MS })
      return { body: body!, size: Number(headers.get('content-length')) }
    },
    async putOutput(id, file, body) {
      await call('PUT', ['outputs', id, file], { body, timeoutMs: LONG_MS })
    },
    end: (id, outcome: Outcome) => post(['end', id], outcome),
    answer: (id, answer) => post(['answer', id], answer),
  }
}
