import type { EngineMaker, Report, Storage, WorkflowFile } from './engine.ts'
import { isFromElsewhere } from './http/access.ts'
import { createFetch } from './http/createFetch.ts'
import { createHttpApi } from './http/createHttpApi.ts'
import { createSign } from './http/links.ts'
import type { Dialect, HttpApi, Where } from './http/types.ts'

/** A FlowScale of your own, made by {@link createGateway}. */
export interface Gateway extends Omit<HttpApi, 'handle'> {
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
  const { handle, close, ...api } = createHttpApi({
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
    ...api,
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

/** Where a gateway says what it does; `console` is one. */
export interface GatewayLogger {
  debug?: ((message: string) => void) | undefined
  info?: ((message: string) => void) | undefined
  warn?: ((message: string) => void) | undefined
  error?: ((message: string) => void) | undefined
}

/** Options of {@link createGateway}. */
export interface GatewayOptions {
  /** What makes the runs: `comfyui({ url })` */
  engine: EngineMaker
  /** What `readWorkflows(folder)` gives, or the same of your own */
  workflows: readonly WorkflowFile[]
  /**
   * The key that requests must carry. `null`: no key; only requests that name this machine (`localhost`, `127.…`) are
   * answered: listen on loopback only
   */
  apiKey: string | null
  /** Signs download links. Default: derived from `apiKey`, so that links outlive a restart */
  secret?: string | undefined
  /**
   * What download links start with, such as `https://gpu.example.com`. They never follow the header `Host`. Default: where
   * `serve` listens. With `handle` on a server of your own, give it
   */
  publicUrl?: string | undefined
  /** The form of the API, of the three known ones. Default: `readme` */
  dialect?: Dialect | undefined
  /** How long a download link lives, in ms. Default: 900000, that is 15 minutes */
  urlTtlMs?: number | undefined
  /** A larger request is answered with 413, in bytes. Default: none; your ComfyUI has a limit of its own */
  maxBodyBytes?: number | undefined
  /** The hosts that an input may be read from by URL, such as `images.example.com`. Default: none */
  inputHosts?: readonly string[] | undefined
  /** Where the records of runs are kept, in the form of `unstorage`. Default: your ComfyUI keeps them */
  storage?: Storage | undefined
  /** Default: none */
  logger?: GatewayLogger | undefined
}

const KNOWN = [
  'engine',
  'workflows',
  'apiKey',
  'secret',
  'publicUrl',
  'dialect',
  'urlTtlMs',
  'maxBodyBytes',
  'inputHosts',
  'storage',
  'logger',
]
const DIALECTS: readonly unknown[] = ['readme', 'openapi', 'python'] satisfies Dialect[]
const STORAGE = ['getItem', 'setItem', 'removeItem', 'getKeys'] as const
const PUBLIC_URL =
  'an http(s) URL without path, query, hash and userinfo, such as "https://gpu.example.com"; the API needs a host of its own'
const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Throws for the first option that is wrong. No message shows a key or a secret. */
export function checkGatewayOptions(options: GatewayOptions): void {
  if (!isObject(options)) throw new TypeError('createGateway: options must be an object')
  for (const name of Object.keys(options)) {
    if (KNOWN.includes(name)) continue
    throw new TypeError(`createGateway: unknown option "${name}"; the known options are ${KNOWN.join(', ')}`)
  }
  const { engine, workflows, apiKey, secret, publicUrl, dialect, urlTtlMs, maxBodyBytes, inputHosts } =
    options
  expect(typeof engine === 'function', 'engine', 'what comfyui({ url }) gives')
  const isList = Array.isArray(workflows) && workflows.every((file) => isObject(file) && 'name' in file)
  expect(isList, 'workflows', 'an array of { name, graph, sidecar? }, as readWorkflows(folder) gives it')
  const names = workflows.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  expect(twice === undefined, 'workflows', `an array with each name once; "${twice}" comes twice`)
  const isKey = apiKey === null || (typeof apiKey === 'string' && /^[\x21-\x7e]+$/.test(apiKey))
  expect(isKey, 'apiKey', 'a string of visible ASCII characters, or null for no key, on this machine only')
  optional(secret, typeof secret === 'string' && secret !== '', 'secret', 'a string that is not empty')
  optional(publicUrl, isPublicUrl(publicUrl), 'publicUrl', PUBLIC_URL)
  optional(dialect, DIALECTS.includes(dialect), 'dialect', DIALECTS.map((name) => `"${name}"`).join(' or '))
  optional(urlTtlMs, isPositive(urlTtlMs), 'urlTtlMs', 'a number of ms above 0')
  optional(maxBodyBytes, isPositive(maxBodyBytes), 'maxBodyBytes', 'a number of bytes above 0')
  const areHosts = Array.isArray(inputHosts) && inputHosts.every(isHost)
  optional(inputHosts, areHosts, 'inputHosts', 'an array of hosts such as "images.example.com"')
  optional(
    options.storage,
    hasAll(options.storage, STORAGE),
    'storage',
    `an object with ${STORAGE.join(', ')}`,
  )
  optional(options.logger, isLogger(options.logger), 'logger', `an object with ${LEVELS.join(', ')}`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

function isPublicUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, username, password, pathname, search, hash } = new URL(value)
  return /^https?:$/.test(protocol) && username + password + pathname + search + hash === '/'
}

/** As `URL` writes it: lower case, and no port where it is the usual one. */
function isHost(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(`https://${value}/`)) return false
  return new URL(`https://${value}/`).host === value || new URL(`http://${value}/`).host === value
}

function hasAll(value: unknown, names: readonly string[]): boolean {
  return (
    isObject(value) && names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
  )
}

function isLogger(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const given = LEVELS.map((level) => (value as GatewayLogger)[level])
  return given.every((method) => method === undefined || typeof method === 'function')
}

function expect(ok: boolean, name: string, what: string): void {
  if (!ok) throw new TypeError(`createGateway: option "${name}" must be ${what}`)
}

function optional(value: unknown, ok: boolean, name: string, what: string): void {
  if (value !== undefined) expect(ok, name, what)
}
