import { ArgumentError, isFlowScaleError } from '../errors.ts'
import { isHeaderText } from '../internal/headers.ts'
import { addressOf, backOff, maxPauseMs, request } from '../internal/request.ts'
import { hide, reveal } from '../internal/secrets.ts'
import { sleep, untilAborted } from '../internal/timers.ts'
import type { Client, Idempotency, RequestOptions } from '../types.ts'

/**
 * Whether the server keeps the `Idempotency-Key` of submissions, as the emulator and a gateway with a queue do. Its health
 * says so by the header `x-idempotency: kept`.
 *
 * @throws the errors of {@link checkHealth}
 *
 * @example
 * ```ts
 * console.log(await keepsKeys(client))
 * ```
 */
export async function keepsKeys(client: Client, options: RequestOptions = {}): Promise<boolean> {
  // Without `parseData`, the result is the response.
  const answer = await request(client, addressOf(client, '/api/v1/comfy/health'), { options })
  const { headers, body } = answer as unknown as Response
  body?.cancel().catch(() => {})
  return headers.get('x-idempotency') === 'kept'
}

/**
 * For `createClient({ idempotency })`: a submission without a clear answer is sent again, and starts one run.
 *
 * Each submission carries a random `Idempotency-Key`. After an unclear answer the client asks the server whether it keeps
 * keys. Only then the submission is sent again, with the same key and body, up to `maxRetries` times. Once an attempt was
 * unclear, the error has `maybeSubmitted`, whatever the later attempts got, and `idempotencyKey`.
 *
 * A gateway without a queue refuses the key by a 400. A pod ignores it, and gets each submission once. A page needs a server
 * that allows the header `Idempotency-Key` to its origin.
 *
 * @example
 * ```ts
 * const client = createClient({ baseUrl: 'http://127.0.0.1:4188', apiKey: 'fsk_local_demo_key', idempotency })
 * ```
 */
export const idempotency: Idempotency = {
  rules: { idempotencyKey: isHeaderText },
  async demand(client, options) {
    if (await keepsKeys(client, options)) return
    throw new ArgumentError('idempotencyKey: this server keeps no keys')
  },
  async submit(client, options, send, given, about) {
    if (given && !about) await this.demand(client, options)
    const key = given ?? newKey()
    const { signal, maxRetries = client.maxRetries } = options
    let tries = 0
    // `request` calls it once for each attempt.
    const headers = async () => {
      tries++
      const own = typeof options.headers === 'function' ? await options.headers() : options.headers
      // Two keys would be two promises, and a function may give another key each time.
      if (Object.keys(own ?? {}).some((name) => name.toLowerCase() === 'idempotency-key')) {
        throw new ArgumentError('headers: Idempotency-Key is set by the client; pass idempotencyKey')
      }
      return { ...own, 'idempotency-key': key }
    }
    /** The first error that left open whether a run was started. */
    let first: Error | undefined
    let open = {}
    for (;;) {
      try {
        return await send({ ...options, headers, maxRetries: maxRetries - tries })
      } catch (error) {
        // An abort, or a failure of the caller's `headers`. After an unclear attempt only an abort may hide it.
        if (!isFlowScaleError(error) || error.name === 'ArgumentError')
          throw first && !signal?.aborted ? first : error
        const { maybeSubmitted, submittedAt, workflowId, groupId } = error
        if (maybeSubmitted && !first) {
          first = error
          open = { maybeSubmitted, submittedAt, workflowId, groupId, idempotencyKey: key }
        }
        Object.assign(error, open)
        const { retryAfterMs = 0 } = error as { retryAfterMs?: number }
        if (!maybeSubmitted || tries > maxRetries || retryAfterMs > maxPauseMs) throw error
        // If the question fails, nobody knows. It takes as long as a server needs to come back.
        if (!(await keepsKeys(client, options).catch(() => signal?.throwIfAborted()))) throw error
        await sleep(retryAfterMs + backOff(client, tries), signal)
      }
    }
  },
}

/** How long the question of `idempotencyWhereKept` may delay a submission, in ms. */
const askMs = 5000

/**
 * Like {@link idempotency}, and asks the server once, before the first submission. A server that keeps no keys gets none, so a
 * gateway without a queue accepts the submissions. If the server does not answer within 5 s, that submission has no key.
 *
 * @example
 * ```ts
 * const client = createClient({ baseUrl: 'http://127.0.0.1:4188', apiKey: 'fsk_local_demo_key', idempotency: idempotencyWhereKept() })
 * ```
 */
export function idempotencyWhereKept(): Idempotency {
  /** The answers, by the base URL. */
  const asked = new Map<string, Promise<boolean>>()
  const ask = (client: Client, { headers }: RequestOptions): Promise<boolean> => {
    const { baseUrl } = client
    // A failure is no error of the submission, so it is not logged.
    const silent = hide({ ...client }, { ...reveal(client), logger: undefined })
    const answer = keepsKeys(silent, { headers, maxRetries: 0, timeoutMs: askMs }).catch((error) => {
      const { status } = Object(error)
      // These would come again, for example of a proxy that passes no health.
      if (![403, 404, 405].includes(status)) asked.delete(baseUrl)
      return false
    })
    asked.set(baseUrl, answer)
    return answer
  }
  return {
    ...idempotency,
    async submit(client, options, send, key, about) {
      if (!key || about === 'new') {
        const answer = asked.get(client.baseUrl) ?? ask(client, options)
        const isKept = await untilAborted<boolean>(options.signal, (resolve) => void answer.then(resolve))
        if (!isKept) return send(options)
      }
      return idempotency.submit(client, options, send, key, about).catch((error) => {
        // A server that lost its queue refuses each key. The next submission asks again.
        if (Object(error).status === 400) asked.delete(client.baseUrl)
        throw error
      })
    },
  }
}

/** Node 18, and pages without TLS, have no `randomUUID`. */
const newKey = (): string => globalThis.crypto?.randomUUID?.() ?? `${Date.now()}-${Math.random()}`
