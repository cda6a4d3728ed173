import { ArgumentError, FlowScaleError, NetworkError } from './errors.ts'
import { hide, reveal, type Send, type Submission } from './internal/secrets.ts'
import { upload } from './internal/upload.ts'
import type { Client, Run, RunOutput } from './types.ts'

/** A request as frameworks hand it over. */
export interface WebhookRequest {
  /** `Headers`, or an object with names in lower case, as Node has it. */
  readonly headers:
    | { get(name: string): string | null }
    | Readonly<Record<string, string | readonly string[] | undefined>>
  /** The raw text or its bytes: nothing that was parsed. */
  readonly body: string | ArrayBuffer | Uint8Array
}

/** Options of {@link verifyWebhook}. */
export interface WebhookOptions {
  /** How far `webhook-timestamp` may be from the clock of this machine, in ms. Default 300000. */
  toleranceMs?: number | undefined
}

type Known = '_id' | 'status' | 'workflow_id' | 'group_id' | 'created_at' | 'started_at' | 'completed_at'

/** A run that has ended, without its inputs. */
export interface WebhookRun extends Pick<Run, Known | 'error'> {
  /** The first 20 outputs. Their links expire; `downloadOutput` renews them. */
  outputs: RunOutput[]
  /** How many outputs the run has. */
  outputs_total: number
  [field: string]: unknown
}

/** The end of a run. */
export interface WebhookEvent {
  type: 'run.completed' | 'run.failed' | 'run.cancelled'
  /** The time of the end, in ISO 8601. */
  timestamp: string
  data: WebhookRun
}

/**
 * A client like `client` whose submissions name an address: a gateway with a queue calls it when the run ends. Pass the client
 * to any function that submits. Its other requests are the same. It is no option of `createClient`, so that only apps that use it hold its code.
 *
 * Other servers refuse the address by a `ValidationError`, whose message has the reason, and a proxy leaves the address out. No
 * error or log line of this package shows the address, since it may hold a token. Therefore a `NetworkError` of a submission has
 * no `cause`: some runtimes put the address into it.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if `webhookUrl` is no absolute http(s) URL, or has a login.
 *
 * @example
 * ```ts
 * const { data } = await executeWorkflow(
 *   withWebhook(client, 'http://localhost:3000/hook'),
 *   'bncu0a1kipv',
 *   { text_51536: 'a red fox' },
 * )
 * console.log(data.run_id)
 * ```
 */
export function withWebhook(client: Client, webhookUrl: string | URL): Client {
  const { idempotency, ...secrets } = reveal(client)
  let href = ''
  try {
    href = new URL(webhookUrl).href
  } catch {}
  if (!/^https?:\/\/[^/@]+\//.test(href))
    throw new ArgumentError('webhookUrl must be an absolute http(s) URL without a login')
  // As `fetch` writes the address, so that an echo of it is found.
  const query = encodeURIComponent(href).replaceAll("'", '%27')

  // A header until the request is sent: as with the key, an error then shows no echo of it.
  const via: typeof upload = (parts, toForm, fetch, url, init) => {
    const { webhook_url: _, ...headers } = init.headers as Record<string, string>
    return upload(parts, toForm, fetch, `${url}&webhook_url=${query}`, { ...init, headers })
  }
  const submit: Submission['submit'] = async (client, options, send, ...key) => {
    const sendTo: Send = async ({ headers: own, ...options }) => {
      const headers = async () => ({
        ...(typeof own === 'function' ? await own() : own),
        webhook_url: `${query} ${href}`,
      })
      try {
        return await send({ ...options, headers }, via)
      } catch (error) {
        if (error instanceof NetworkError) delete error.cause
        throw error
      }
    }
    return idempotency ? idempotency.submit(client, options, sendTo, ...key) : sendTo(options)
  }
  return hide({ ...client }, { ...secrets, idempotency: { ...idempotency, submit } })
}

/** The request is no webhook of your gateway, or an old one. Answer it with 400. */
export class WebhookError extends FlowScaleError {
  override get name(): 'WebhookError' {
    return 'WebhookError'
  }
  declare readonly code: 'ERR_FLOWSCALE_WEBHOOK'
}

/**
 * Verifies a webhook of a gateway by the rules of Standard Webhooks, and gives its event. Pass the request before anything
 * reads its body, or its headers and its raw body. During a rotation pass both secrets, as a list or with a comma between.
 *
 * An event can come again, with the same `webhook-id`. Node 18 needs `globalThis.crypto = webcrypto` of `node:crypto`.
 *
 * @throws {@link WebhookError} (`ERR_FLOWSCALE_WEBHOOK`) if no secret has signed the request, or if it is old.
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if the body was read or parsed before, or if a secret is malformed.
 *
 * @example
 * ```ts
 * export async function POST(request: Request) {
 *   const { type, data } = await verifyWebhook(request, process.env.WEBHOOK_SECRET!)
 *   if (type === 'run.completed') console.log(data._id, data.outputs)
 *   return new Response(null, { status: 204 })
 * }
 * ```
 */
export async function verifyWebhook(
  request: Request | WebhookRequest,
  secrets: string | readonly string[],
  { toleranceMs = 300_000 }: WebhookOptions = {},
): Promise<WebhookEvent> {
  // Standard Webhooks knows no secret of less than 24 bytes.
  if (!/^(whsec_([A-Za-z\d+/]{4}){8,}([A-Za-z\d+/]{2}[A-Za-z\d+/=]=)?(,\b|$))+$/.test(`${secrets}`))
    throw new ArgumentError('secrets must be "whsec_" and base64')
  const { headers } = request
  const read = (name: string): string =>
    `${typeof headers.get === 'function' ? headers.get(name) : (headers as Record<string, unknown>)[name]}`
  const time = read('webhook-timestamp')
  // Also true for `NaN`, from a time that is no number or from a wrong option.
  if (!(Math.abs(Date.now() - Number(time) * 1000) <= toleranceMs))
    throw new WebhookError('webhook-timestamp is missing, or not within toleranceMs of now')

  const start = `${read('webhook-id')}.${time}.`
  const parts: BlobPart[] = [start]
  const { body, bodyUsed } = request as Request
  if (bodyUsed === false && !body?.locked) {
    let size = 0
    // Firefox shows no stream of a request.
    for await (const chunk of body ?? [new Uint8Array(await (request as Request).arrayBuffer())]) {
      size += chunk.length
      // A gateway sends fewer than 20 kB. A forged body could fill the memory.
      if (size > 1e6) throw new WebhookError('The body is too large')
      parts.push(chunk)
    }
  }
  // A parsed body has no `slice`, and neither has the stream of a body that was read.
  else if ((body as unknown as string | undefined)?.slice) parts.push(body as unknown as BlobPart)
  else throw new ArgumentError('body must be the raw text: read and parse nothing before')
  const signed = new Blob(parts)
  for (const secret of `${secrets}`.split(',')) {
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', decode(secret), hmac, false, ['verify'])
    // More than a few would be an attack on the time of this machine.
    for (const signature of read('webhook-signature')
      .match(/v1,[A-Za-z\d+/]{43}=/g)
      ?.slice(0, 9) ?? []) {
      // Web Crypto compares in constant time.
      if (await crypto.subtle.verify('HMAC', key, decode(signature), await signed.arrayBuffer()))
        return JSON.parse((await signed.text()).slice(start.length))
    }
  }
  throw new WebhookError('No signature fits the secrets. The body must be the raw text')
}

/** The bytes of a secret or a signature. */
const decode = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/.*[,_]/, '')), (sign) => sign.charCodeAt(0))
