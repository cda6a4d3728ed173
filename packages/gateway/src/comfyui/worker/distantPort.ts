// The gateway over HTTP, for a worker that dials in.
import type { Outcome } from '../../workerPort.ts'
import { Crowded, NoGateway, NotWelcome, type Port, Refused } from './news.ts'

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
/** A gateway never answers a worker so. Its own 404 is JSON. */
const FOREIGN = [301, 302, 303, 307, 308, 404, 405, 501]
/** For a file, whatever its size: the longest time of a timer. */
const LONG_MS = 2 ** 31 - 1

export function createDistantPort({ gateway, key, name }: DistantOptions): Port {
  const session = crypto.randomUUID()
  const noGateway = (what: string): NoGateway =>
    new NoGateway(
      `${gateway} answers a worker with ${what}, as no gateway does: check --gateway. Trying again`,
    )

  async function call(
    method: string,
    path: readonly string[],
    init: Pick<RequestInit, 'body' | 'signal'> & { timeoutMs?: number } = {},
  ): Promise<Response> {
    const { timeoutMs = TIMEOUT_MS, signal, body } = init
    const timeout = AbortSignal.timeout(timeoutMs)
    const isStream = body instanceof ReadableStream
    const response = await fetch(`${gateway}/api/v1/worker/${path.map(encodeURIComponent).join('/')}`, {
      method,
      body: body ?? null,
      ...(isStream && { duplex: 'half' }),
      // No redirect gets the key. With anything but `error`, Node keeps a whole stream to send it again.
      redirect: isStream ? 'error' : 'manual',
      headers: { 'x-api-key': key, 'x-worker': name, 'x-worker-session': session },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    } as RequestInit)
    if (response.ok) return response
    await response.body?.cancel()
    const { status } = response
    if (status === 409) throw new Refused('session')
    if (status === 410) throw new Refused('run')
    if (status === 429) throw new Crowded()
    if (FOREIGN.includes(status) && !(status === 404 && isJson(response))) throw noGateway(`status ${status}`)
    const why = REFUSALS[status]
    if (why !== undefined) throw new NotWelcome(why)
    throw new Error(`The gateway answered with ${status}`)
  }

  async function post<T>(path: readonly string[], value: object = {}, signal?: AbortSignal): Promise<T> {
    const response = await call('POST', path, { body: JSON.stringify(value), ...(signal && { signal }) })
    if (isJson(response)) return (await response.json()) as T
    await response.body?.cancel()
    throw noGateway('what is not JSON')
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

const isJson = ({ headers }: Response): boolean =>
  headers.get('content-type')?.startsWith('application/json') === true
