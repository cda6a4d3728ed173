// Sends every request to one ComfyUI, and knows whether it answers.
import { EngineError } from '../../engine.ts'
import { isNode, orAborted } from '../../runtime.ts'
import { parseJson as parseLoose } from '../../workflowJson.ts'
import { readAddress } from './address.ts'
import { openSocket, type SocketListener } from './socket.ts'

export interface ComfyClient {
  /** ComfyUI's address without a login, which no caller sees. */
  readonly url: string
  /** For how long ComfyUI has given no answer that can be used, in ms. */
  awayForMs(): number
  /** For how long ComfyUI has answered nothing, in ms. */
  quietForMs(): number
  /**
   * Whether ComfyUI refuses connections, let three requests in a row time out, or stands still: a question waits for
   * longer than a large upload can delay its answer, and nothing else was answered meanwhile.
   */
  isAway(): boolean
  /** Makes sure that ComfyUI does not stand still. @throws NoAnswer within 5 s, while other requests wait for longer */
  check(): Promise<void>
  /** Gives a whole answer. @throws NoAnswer if none comes, or only a proxy answers. */
  send(path: string, init?: Init): Promise<Answer>
  /** Gives the JSON of an answer. @throws NoAnswer for anything but a 200 with JSON. */
  read(path: string, init?: Init): Promise<unknown>
  /** Gives an answer whose body is still to come: the time-out is for its head. */
  open(path: string, init?: Init): Promise<Response>
  /** Whether it has a key for the nodes of partners. */
  hasKey(): boolean
  /** The key for the nodes of partners, as a part of `extra_data`. No other function gives it, and no answer of ComfyUI shows it. */
  partnerKey(): { readonly api_key_comfy_org?: string | undefined }
  /** Opens the WebSocket with this id, and gives the function that closes it. */
  listen(clientId: string, listener: SocketListener): () => void
}

/** How requests are sent. */
export interface Sending {
  /** Sent with every request and every WebSocket. They stay in a closure: nothing shows them. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  /** The key for the nodes of partners, which stays in a closure, too. */
  readonly comfyKey?: string | undefined
}

interface Init {
  method?: 'GET' | 'POST' | 'DELETE' | 'HEAD'
  /** Sent as JSON. */
  json?: unknown
  body?: BodyInit
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
  timeoutMs?: number
  /** Whether it may go over no kept connection, which could be closed meanwhile. It needs `json`. */
  fresh?: boolean
  /** Whether the request may be sent twice. Default: all but POST */
  again?: boolean
}

export interface Answer {
  readonly status: number
  readonly text: string
}

const TIMEOUT_MS = 10_000
/** The history of a run that nobody has: a short answer. */
export const NOBODY = '/history/00000000-0000-4000-8000-000000000000'
/** A question is answered within milliseconds, unless ComfyUI stands still. */
const STILL_MS = 5_000
/** An answer of so short a time ago shows that ComfyUI does not stand still. */
const RECENT_MS = 250

/** @param address Checked by `readAddress`; its login counts more than a header. */
export function createComfyClient(address: string, { headers, fetch, comfyKey }: Sending = {}): ComfyClient {
  const { url: base, login } = readAddress(address)!
  const given = Object.entries({ ...headers, ...login })
  const own = Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value]))
  const { asked, answered, unasked, missed, gone, fail, ...health } = createHealth()

  /** ComfyUI before 0.8 shows the key in its queue, and the error of a node may quote it. */
  async function textOf(response: Response): Promise<string> {
    const text = await response.text()
    return comfyKey === undefined ? text : text.replaceAll(comfyKey, '[key]')
  }

  async function exchange<T>(path: string, init: Init, take: (response: Response) => Promise<T>): Promise<T> {
    const { method = 'GET', signal, timeoutMs = TIMEOUT_MS } = init
    const startedAt = performance.now()
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), timeoutMs)
    if (method === 'GET') asked()
    const either = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal
    try {
      const isAlone = init.fresh && !fetch && isNode()
      const response = isAlone
        ? await (await import('./post.ts')).post(
            base + path,
            headersOf(init, own),
            JSON.stringify(init.json),
            either,
          )
        : await (fetch ?? globalThis.fetch)(base + path, toRequest(base, init, own, either))
      const { status } = response
      const isRefused = status === 401 || (status === 403 && method === 'GET' && !OWN_403.test(path))
      if (isRefused || (status !== 304 && /^(3|50[234])/.test(`${status}`))) {
        await response.body?.cancel()
        gone()
        const why = `status ${status} is not from ComfyUI`
        return fail(isRefused ? new LoginRefused(status) : new NoAnswer(why))
      }
      // Node no longer heeds the signal once the head of the answer is there.
      const taken = await orAborted(take(response), either)
      answered()
      return taken
    } catch (error) {
      if (error instanceof NoAnswer) throw error
      signal?.throwIfAborted()
      if (timeout.signal.aborted) {
        missed(startedAt)
        return fail(new NoAnswer(`no answer within ${timeoutMs / 1000} s`))
      }
      // A connection that was kept open may lead to a server that has stopped since.
      if (init.again ?? method !== 'POST') return await exchange(path, { ...init, again: false }, take)
      const unsent = isUnsent(error)
      if (unsent || BUNS_CODES.test(Object(error).code)) gone()
      return fail(new NoAnswer(unsent ? 'it accepts no connection' : 'the connection was lost', !unsent))
    } finally {
      clearTimeout(timer)
      if (method === 'GET' && !timeout.signal.aborted) unasked()
    }
  }

  const read: ComfyClient['read'] = (path, init = {}) =>
    exchange(path, init, async (response) => {
      const body = parseJson(await textOf(response))
      if (response.status !== 200) return fail(new NoAnswer(`status ${response.status}`))
      return body === undefined ? fail(new NoAnswer('its answer is not JSON')) : body
    })

  const send: ComfyClient['send'] = (path, init = {}) =>
    exchange(path, init, async (response) => ({ status: response.status, text: await textOf(response) }))

  return {
    ...health,
    url: base,
    send,
    read,
    async check() {
      if (health.quietForMs() > RECENT_MS) await read(NOBODY, { timeoutMs: STILL_MS })
    },
    hasKey: () => comfyKey !== undefined,
    partnerKey: () => (comfyKey === undefined ? {} : { api_key_comfy_org: comfyKey }),
    open: (path, init = {}) => exchange(path, init, async (response) => response),
    listen: (id, listener) => openSocket(`${base.replace(/^http/, 'ws')}/ws?clientId=${id}`, own, listener),
  }
}

/** After this number of time-outs in a row, the server counts as away. */
const MISSES = 3
/** Failures further apart than this are two absences. */
const APART_MS = 60_000

/** Whether a server answers, as its requests went so far. */
function createHealth() {
  let absence: { readonly since: number; readonly last: number } | undefined
  let misses = 0
  let heardAt = Number.NEGATIVE_INFINITY
  /** Since when a question waits. */
  let askedAt: number | undefined
  return {
    asked(): void {
      askedAt ??= performance.now()
    },
    unasked(): void {
      askedAt = undefined
    },
    answered(): void {
      absence = undefined
      misses = 0
      heardAt = performance.now()
      askedAt = undefined
    },
    quietForMs: (): number => performance.now() - heardAt,
    fail(error: NoAnswer): never {
      const now = performance.now()
      absence = { since: absence && now - absence.last < APART_MS ? absence.since : now, last: now }
      throw error
    },
    /** Counts a time-out. Of requests that wait at the same time, one counts. */
    missed(startedAt: number): void {
      if (!absence || startedAt >= absence.last) misses++
    },
    /** Nothing listens there, or only a proxy: one failure is enough. */
    gone(): void {
      misses = MISSES
    },
    awayForMs: (): number => (absence ? performance.now() - absence.since : 0),
    isAway(): boolean {
      const isStill = askedAt !== undefined && performance.now() - askedAt >= STILL_MS
      return isStill || misses >= MISSES
    },
  }
}

/** The caller's headers stay here: ComfyUI refuses an Origin that is not its own. */
const headersOf = ({ json, headers }: Init, own: Record<string, string>): Record<string, string> => ({
  ...own,
  ...(json !== undefined && { 'content-type': 'application/json' }),
  ...headers,
})

function toRequest(url: string, init: Init, own: Record<string, string>, signal: AbortSignal): RequestInit {
  const { method = 'GET', json, fresh } = init
  const text = json === undefined ? init.body : JSON.stringify(json)
  const body = fresh ? toStream(String(text)) : text
  const streams = body instanceof ReadableStream
  return {
    method,
    redirect: streams ? redirectOfStream(url) : 'manual',
    headers: headersOf(init, own),
    signal,
    ...(streams && { duplex: 'half' }),
    ...(body !== undefined && { body }),
  }
}

/**
 * Runtimes send other bodies again by themselves: Deno sends a text, or the body of a `Response`, again after a reset; Node
 * sends a text again after a 421.
 */
const toStream = (text: string): ReadableStream =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      controller.close()
    },
  })

/** Follows no redirect. With anything but `error`, Node keeps a whole stream to send it again. workerd has no `error`. */
function redirectOfStream(url: string): RequestRedirect {
  try {
    return new Request(url, { redirect: 'error' }).redirect
  } catch {
    return 'manual'
  }
}

/** ComfyUI gave no answer, or none that says anything about a run. */
export class NoAnswer extends EngineError {
  readonly why: string
  /** Whether the request may have been handled. */
  readonly sent: boolean

  /** `why` must not hold ComfyUI's address or the text of a proxy. */
  constructor(why: string, sent = true) {
    super(503, `ComfyUI can't be reached just now: ${why}`, { retryAfterS: 5 })
    this.why = why
    this.sent = sent
  }
}

/** Something in front of ComfyUI wants another login. */
export class LoginRefused extends NoAnswer {
  constructor(status: number) {
    super(`it refuses the login (status ${status})`, false)
  }
}

/**
 * ComfyUI, which knows no login, gives a 403 for files only. A firewall may give one for a `POST` after ComfyUI has handled
 * it: the sender of the `POST` decides.
 */
const OWN_403 = /^\/(userdata|view)\b/

const CODES = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/
const WORDS = /connection refused|dns error|failed to lookup/i

/** Bun's codes if nothing listens, and also if a kept connection was closed after the server had read the whole request. */
const BUNS_CODES = /^(ConnectionRefused|FailedToOpenSocket)$/

/** Whether no connection came about, so that nothing was sent. Node and Deno say it in their own ways. */
export function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  // A route may also be lost after the request went out.
  if (syscall === 'connect' || (CODES.test(String(code)) && syscall !== 'read' && syscall !== 'write'))
    return true
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isUnsent)
  return WORDS.test(error.message) || isUnsent(error.cause)
}

/** The JSON of a text, or `undefined`. Python writes numbers that JSON does not have, such as NaN: each is read as null. */
export function parseJson(text: string): unknown {
  for (const parse of [JSON.parse, parseLoose]) {
    try {
      return parse(text)
    } catch {}
  }
  return undefined
}
