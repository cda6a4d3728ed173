import { checkGatewayOptions, type GatewayOptions } from './checkGatewayOptions.ts'
import { createSign } from './createSign.ts'
import type { Report } from './engine.ts'
import { createFace } from './face/createFace.ts'
import { isFromElsewhere } from './http/access.ts'
import { createFetch } from './http/createFetch.ts'
import type { Face, Where } from './http/types.ts'

/** A FlowScale of your own, made by {@link createGateway}. */
export interface Gateway extends Omit<Face, 'handle'> {
  /** Takes the place of the global `fetch`; it reaches `url`, and nothing else. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /**
   * What a server calls for each request. `filesUrl` is what links start with, where there is no `publicUrl`. Of two
   * limits `maxBodyBytes`, the smaller one counts.
   */
  handle(request: Request, where?: Partial<Where>): Promise<Response>
  /** `publicUrl`, or an address for `fetch` only, where nothing listens. */
  readonly url: string
  /** Whether your ComfyUI answers, and which workflows it can run. */
  report(): Promise<Report>
  /** Ends the sockets to your ComfyUI. Runs go on there. */
  close(): void
}

const URL_OF_API = 'http://gateway.flowscale.test'

/**
 * Puts the API of FlowScale in front of your ComfyUI. No request is made before one comes in.
 *
 * @throws `TypeError` for an unknown or wrong option.
 *
 * @example
 * ```ts
 * const gateway = createGateway({
 *   engine: comfyui({ url: 'http://127.0.0.1:8188' }),
 *   workflows: await readWorkflows('workflows'),
 *   apiKey: 'a-key-of-your-own',
 * })
 * const client = createClient({ baseUrl: gateway.url, apiKey: gateway.apiKey, fetch: gateway.fetch })
 * console.log((await getWorkflows(client)).data)
 * gateway.close()
 * ```
 */
export function createGateway(options: GatewayOptions): Gateway {
  checkGatewayOptions(options)
  const { apiKey, publicUrl, dialect = 'readme', urlTtlMs = 900_000, logger } = options
  const { maxBodyBytes: limit = Number.POSITIVE_INFINITY } = options
  const url = new URL(publicUrl ?? URL_OF_API).origin
  const engine = options.engine({
    workflows: [...options.workflows],
    storage: options.storage,
    inputHosts: [...(options.inputHosts ?? [])],
    log: (level, message) => logger?.[level]?.(message),
  })
  const { handle, close, ...face } = createFace({
    engine,
    name: 'gateway',
    dialect,
    apiKey,
    sign: createSign(options.secret ?? apiKey ?? ''),
    urlTtlMs,
    oneOrigin: true,
    longestList: 1000,
    makeRequestId: () => crypto.randomUUID().replaceAll('-', ''),
  })
  const keepsOut = (request: { readonly headers: Headers }): boolean =>
    apiKey === null && isFromElsewhere(request)
  const answer: Gateway['handle'] = async (request, where = {}) => {
    if (keepsOut(request)) {
      return Response.json({ detail: 'Without a key, only this machine can use the API' }, { status: 403 })
    }
    const { filesUrl = url, maxBodyBytes = limit } = where
    return await handle(request, {
      ...where,
      filesUrl: publicUrl ? url : filesUrl,
      maxBodyBytes: Math.min(maxBodyBytes, limit),
    })
  }
  return {
    ...face,
    url,
    handle: answer,
    keepsOut,
    fetch: createFetch({ handle: answer, url, filesUrl: url, name: 'gateway' }),
    report: async () => (await engine.report?.()) ?? { servers: [], workflows: [] },
    close() {
      close()
      engine.close()
    },
  }
}
