// Makes a gateway of an engine and options.
import { clean } from './clean.ts'
import type { EngineMaker, Report, Storage, WorkflowSource } from './engine.ts'
import { isKey } from './http/access.ts'
import { createFetch } from './http/createFetch.ts'
import { createHttpApi } from './http/createHttpApi.ts'
import { createSign } from './http/links.ts'
import { DIALECTS, type Dialect } from './http/operations.ts'
import { type HttpApi, URL_TTL_MS, type Where } from './http/types.ts'
import { checkOptions, fields, isObject, must, optional, type Rules } from './options.ts'
import type { Queue } from './queue/runQueue.ts'
import * as rules from './rules.ts'

/** A gateway, made by {@link createGateway}. */
export interface Gateway extends Omit<HttpApi, 'handle'> {
  /** Takes the place of the global `fetch`; it reaches `url`, and nothing else. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /**
   * Answers a request: a server calls it. Without a `publicUrl`, links start with `filesUrl`. Of two limits
   * `maxBodyBytes`, the smaller one counts.
   */
  handle(request: Request, where?: Partial<Where>): Promise<Response>
  /** `publicUrl`, or an address for `fetch` only, where nothing listens. */
  readonly url: string
  /** Whether your ComfyUI answers, and which workflows it can run. */
  report(): Promise<Report>
  /**
   * Ends streams of events and the sockets to your ComfyUI, where runs go on, and closes the queue. The promise ends when all
   * is closed, so that another gateway can open the folder of the queue; it rejects with what went wrong. A second call gives
   * the same promise.
   */
  close(): Promise<void>
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
 *   workflows: watchWorkflows('workflows'),
 *   apiKey: 'a-key-of-your-own',
 * })
 * const client = createClient({ baseUrl: gateway.url, apiKey: gateway.apiKey, fetch: gateway.fetch })
 * console.log((await getWorkflows(client)).data)
 * await gateway.close()
 * ```
 */
export function createGateway(options: GatewayOptions): Gateway {
  checkOptions('createGateway', options, OPTIONS)
  if (options.queue && options.keepDays !== undefined)
    throw new TypeError('createGateway: option "keepDays" is for one ComfyUI: give it to the queue')
  const { apiKey, publicUrl, dialect = 'readme', urlTtlMs = URL_TTL_MS, logger } = options
  const url = new URL(publicUrl ?? URL_OF_API).origin
  const engine = options.engine({
    workflows: checkedSource(options.workflows),
    storage: options.storage,
    queue: options.queue,
    workers: options.workerKey !== undefined,
    keepDays: options.keepDays,
    inputHosts: [...(options.inputHosts ?? [])],
    log: (level, message) => logger?.[level]?.(clean(message)),
  })
  const api = createHttpApi({
    engine,
    name: 'gateway',
    dialect,
    apiKey,
    workerKey: options.workerKey,
    sign: createSign(options.secret ?? apiKey ?? ''),
    urlTtlMs,
    publicUrl: publicUrl && url,
    maxBodyBytes: options.maxBodyBytes,
    oneOrigin: true,
    longestList: 1000,
    makeRequestId: () => crypto.randomUUID().replaceAll('-', ''),
  })
  let closed: Promise<void> | undefined
  async function close(): Promise<void> {
    api.close()
    await engine.close()
  }
  return {
    ...api,
    url,
    handle: (request, where = {}) => api.handle(request, { ...where, filesUrl: where.filesUrl ?? url }),
    fetch: createFetch({
      handle: api.handle,
      url,
      filesUrl: url,
      name: 'gateway',
      // Links may lead to where the files are.
      mayLeave: true,
    }),
    report: async () => (await engine.report?.()) ?? { servers: [], workflows: [] },
    close: () => (closed ??= close()),
  }
}

/** Takes the log lines of a gateway; `console` is one. */
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
  /**
   * What `watchWorkflows(folder)` gives, so that files that come, change or go are noticed within 5 s; what
   * `readWorkflows(folder)` gives; or the same of your own
   */
  workflows: WorkflowSource
  /**
   * The key that requests must carry. `null`: no key; only requests that name this machine (`localhost`, `127.…`) are
   * answered: listen on loopback only
   */
  apiKey: string | null
  /** Signs download links. Default: derived from `apiKey`, so that links outlive a restart */
  secret?: string | undefined
  /**
   * What download links start with, such as `https://gpu.example.com`. Links never follow the header `Host`. Default: where
   * `serve` listens. With `handle` on a server of your own, give this option
   */
  publicUrl?: string | undefined
  /** The form of the API, of the three known ones. Default: `readme` */
  dialect?: Dialect | undefined
  /** How long a download link lives, in ms. Default: 900000, that is 15 minutes */
  urlTtlMs?: number | undefined
  /** The most bytes in a request; a larger one is answered with 413. Default: no limit but the one of your ComfyUI */
  maxBodyBytes?: number | undefined
  /** The hosts that an input may be read from by URL, such as `images.example.com`. Default: none */
  inputHosts?: readonly string[] | undefined
  /** Where the records of runs are kept, in the form of `unstorage`. Default: your ComfyUI keeps them */
  storage?: Storage | undefined
  /** Records of one ComfyUI are removed so many days after their run, and no files; a queue has its own option. Default: 30 */
  keepDays?: number | undefined
  /** What servers take their runs from, with the records and files: `folderQueue({ folder: 'data' })`. Default: none */
  queue?: Queue | undefined
  /** The key of workers that dial in. It opens nothing else. Goes with `comfyui({ workers: true })`. Default: no worker can dial in */
  workerKey?: string | undefined
  /** Default: none */
  logger?: GatewayLogger | undefined
}

const PUBLIC_URL =
  'an http(s) URL without path, query, hash and userinfo, such as "https://gpu.example.com"; the API needs a host of its own'

const OPTIONS: Rules<GatewayOptions> = {
  engine: must('what comfyui({ url }) gives', (value) => typeof value === 'function'),
  workflows: checkWorkflows,
  apiKey: must(
    'a string of visible ASCII characters, or null for no key, on this machine only',
    (value) => value === null || isKey(value),
  ),
  secret: optional(rules.filledText),
  publicUrl: optional(must(PUBLIC_URL, isPublicUrl)),
  dialect: optional(rules.oneOf(DIALECTS)),
  urlTtlMs: optional(rules.finitePositive),
  maxBodyBytes: optional(rules.finitePositive),
  inputHosts: optional(must('an array of hosts such as "images.example.com"', areHosts)),
  queue: optional(fields(['open', 'add', 'take'], 'function')),
  workerKey: optional(must('a string of visible ASCII characters', isKey)),
  keepDays: optional(rules.wholeNumber(1, 36_500)),
  storage: optional(fields(['getItem', 'setItem', 'removeItem', 'getKeys'], 'function')),
  logger: optional(fields(['debug', 'info', 'warn', 'error'], 'function', 'undefined')),
}

function checkWorkflows(value: unknown): string | undefined {
  if (typeof value === 'function') return undefined
  if (!Array.isArray(value) || !value.every((file) => isObject(file) && 'name' in file)) {
    return 'an array of { name, graph, sidecar? }, as readWorkflows(folder) gives it'
  }
  const names = value.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  return twice === undefined ? undefined : `an array with each name once; "${twice}" comes twice`
}

function checkedSource(source: WorkflowSource): WorkflowSource {
  if (typeof source !== 'function') return [...source]
  return async () => {
    const files = await source()
    const wanted = checkWorkflows(files)
    if (wanted !== undefined) throw new TypeError(`createGateway: option "workflows" must give ${wanted}`)
    return files
  }
}

function isPublicUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, username, password, pathname } = new URL(value)
  return /^https?:$/.test(protocol) && username + password + pathname === '/' && !/[?#]/.test(value)
}

/** Whether `URL` writes each host the same: in lower case, and without the usual port of a scheme. */
function areHosts(value: unknown): boolean {
  const hostOf = (scheme: string, host: unknown): string | undefined =>
    URL.canParse(`${scheme}://${host}/`) ? new URL(`${scheme}://${host}/`).host : undefined
  return (
    Array.isArray(value) &&
    value.every((host) => [hostOf('https', host), hostOf('http', host)].includes(host))
  )
}
