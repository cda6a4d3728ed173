// Makes a gateway of an engine and options.
import { clean } from './clean.ts'
import type { EngineContext, EngineMaker, Report, RunEnd, Storage, WorkflowSource } from './engine.ts'
import { isKey, type Key, problemOfKeys, type WatchedKeys } from './http/access.ts'
import { createFetch } from './http/createFetch.ts'
import { createHttpApi } from './http/createHttpApi.ts'
import { createSign } from './http/links.ts'
import { DIALECTS, type Dialect } from './http/operations.ts'
import { eventOf } from './http/runJson.ts'
import { type HttpApi, URL_TTL_MS, type Where } from './http/types.ts'
import { createMeter } from './metrics/createMeter.ts'
import { createObserver, createOperator, hasFailed, lineOf } from './metrics/createOperator.ts'
import { checkOptions, fields, isObject, must, optional, type Rules } from './options.ts'
import { ofQueue, type Queue } from './queue/runQueue.ts'
import * as rules from './rules.ts'
import { createWebhooks, type WebhooksOptions } from './webhooks/createWebhooks.ts'
import { OPERATOR, secretsFor } from './webhooks/sign.ts'

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
  /** The figures of `GET /metrics`, in Prometheus' text format. */
  metrics(): Promise<string>
  /** Takes no more runs from the queue: call it before you close your server, and `close` after that. Open requests go on. */
  drain(): void
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
  if (options.keys ? options.apiKey === null : options.apiKey === undefined)
    throw new TypeError(
      `createGateway: option "apiKey" must be ${API_KEY}${options.keys ? ' or undefined, as there are keys' : ', or null for no key, on this machine only'}`,
    )
  const { apiKey, publicUrl, dialect = 'readme', urlTtlMs = URL_TTL_MS, logger } = options
  const url = new URL(publicUrl ?? URL_OF_API).origin
  const log: EngineContext['log'] = (level, message) => logger?.[level]?.(clean(message))
  const keys = options.keys && readKeys(options.keys, options.queue !== undefined, log)
  if (keys && !(options.secret ?? apiKey ?? options.queue ?? options.storage))
    throw new TypeError(
      'createGateway: option "secret" must be given, as it signs download links: there is no "apiKey" to make it from, and no "queue" or "storage" to keep it in',
    )
  const meter = createMeter()
  const logEnd = (run: RunEnd): void => {
    if (logger?.run) logger.run(run)
    else logger?.[hasFailed(run) ? 'warn' : 'info']?.(clean(lineOf(run)))
  }
  const made = madeOnce()
  // Without `keys`, a gateway that keeps no secret is for this machine only, and its links may end with it.
  const secret = options.secret ?? apiKey ?? (() => engine.secret?.() ?? made())
  const links = { dialect, urlTtlMs, sign: createSign(secret) }
  const webhooks = openWebhooks(options, {
    async opened() {
      await engine.getRun('')
      // It is made before the first webhook, so that the command `secret` finds it.
      if (typeof secret !== 'string') await secret()
    },
    async eventOf(id) {
      const run = await engine.getRun(id)
      return run && (await eventOf({ api: links, filesUrl: filesUrl! }, run))
    },
    log: (message) => log('warn', message),
    secretsOf: ({ owner, url }) =>
      secretsFor(secret, url === undefined ? OPERATOR : { key: owner }, keys?.current()),
  })
  const workflows = checkedSource(options.workflows)
  const engine = options.engine({
    workflows,
    storage: options.storage,
    queue: options.queue,
    workers: options.workerKey !== undefined,
    keepDays: options.keepDays,
    inputHosts: [...(options.inputHosts ?? [])],
    log,
    observer: createObserver(meter, logEnd),
  })
  async function expected() {
    const files = typeof workflows === 'function' ? await workflows() : workflows
    const named = keys?.current().map(({ name }) => name) ?? []
    return {
      workflows: files.flatMap(({ name, problem }) => (problem === undefined ? name : [])),
      owners: keys && apiKey === undefined ? named : [undefined, ...named],
    }
  }
  const operator = createOperator(engine, meter, expected, options.maxWaiting)
  const api = createHttpApi({
    engine,
    name: 'gateway',
    ...links,
    apiKey,
    keys,
    workerKey: options.workerKey,
    publicUrl: publicUrl && url,
    maxBodyBytes: options.maxBodyBytes,
    oneOrigin: true,
    longestList: 1000,
    operator,
    webhooks,
    openai: options.openai,
    makeRequestId: () => crypto.randomUUID().replaceAll('-', ''),
  })
  /** The start of the links in webhooks. */
  let filesUrl = publicUrl && url
  function listens(found: string): void {
    filesUrl ??= found
    webhooks?.open()
  }
  const handle: Gateway['handle'] = (request, where = {}) => {
    const found = where.filesUrl ?? url
    listens(found)
    return api.handle(request, { ...where, filesUrl: found })
  }
  let closed: Promise<void> | undefined
  async function close(): Promise<void> {
    api.close()
    keys?.close?.()
    await webhooks?.close()
    await engine.close()
  }
  return {
    ...api,
    url,
    listens,
    handle,
    fetch: createFetch({
      handle,
      url,
      filesUrl: url,
      name: 'gateway',
      // Links may lead to where the files are.
      mayLeave: true,
    }),
    metrics: operator.metrics,
    report: async () => (await engine.report?.()) ?? { servers: [], workflows: [] },
    drain: () => engine.drain?.(),
    close: () => (closed ??= close()),
  }
}

/** Takes the log lines of a gateway; `console` is one. */
export interface GatewayLogger {
  debug?: ((message: string) => void) | undefined
  info?: ((message: string) => void) | undefined
  warn?: ((message: string) => void) | undefined
  error?: ((message: string) => void) | undefined
  /** Takes the end of each run. Default: `info` or `warn` gets a line */
  run?: ((run: RunEnd) => void) | undefined
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
   * answered: listen on loopback only. With `keys`, this is the key of an admin without a name, and may be left out
   */
  apiKey?: string | null | undefined
  /**
   * Keys with names, each with runs of its own: the keys of `watchKeys(file)`, or an array. Limits and priorities need a
   * queue. Default: none
   */
  keys?: readonly Key[] | WatchedKeys | undefined
  /**
   * Signs download links and webhooks. Default: derived from `apiKey`, so that links outlive a restart. Without `apiKey`, the secret
   * is made and kept in `queue` or `storage`
   */
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
  /**
   * Your address, which gets a webhook at the end of each run. Needs a queue. It may hold a token: no log and no answer shows it.
   * Default: none
   */
  webhook?: string | undefined
  /**
   * The hosts of webhooks that may have `http:` or a private address: `hooks.internal` with any port, `hooks.internal:8080`
   * with this one. Default: none, so that callers reach nothing in your network
   */
  webhookHosts?: readonly string[] | undefined
  /** Whether programs that speak OpenAI's image API can use the workflows as models, under `/v1`. Default: true */
  openai?: boolean | undefined
  /** The key of workers that dial in. It opens nothing else. Goes with `comfyui({ workers: true })`. Default: no worker can dial in */
  workerKey?: string | undefined
  /** `GET /readyz` says that the gateway is not ready while this many runs wait. Default: no limit */
  maxWaiting?: number | undefined
  /** Default: none */
  logger?: GatewayLogger | undefined
}

const API_KEY = 'a string of visible ASCII characters'

const PUBLIC_URL =
  'an http(s) URL without path, query, hash and userinfo, such as "https://gpu.example.com"; the API needs a host of its own'

const OPTIONS: Rules<GatewayOptions> = {
  engine: must('what comfyui({ url }) gives', (value) => typeof value === 'function'),
  workflows: checkWorkflows,
  apiKey: optional(
    must(`${API_KEY}, or null for no key, on this machine only`, (value) => value === null || isKey(value)),
  ),
  keys: optional(
    must(
      'an array of keys, or what watchKeys(file) gives',
      (value) => Array.isArray(value) || fields(['current', 'watch'], 'function')(value) === undefined,
    ),
  ),
  secret: optional(rules.filledText),
  publicUrl: optional(must(PUBLIC_URL, isPublicUrl)),
  dialect: optional(rules.oneOf(DIALECTS)),
  urlTtlMs: optional(rules.finitePositive),
  maxBodyBytes: optional(rules.finitePositive),
  inputHosts: optional(must('an array of hosts such as "images.example.com"', areHosts)),
  queue: optional(fields(['open', 'add', 'take'], 'function')),
  webhook: optional(rules.filledText),
  webhookHosts: optional(must('an array of hosts such as "hooks.example.com"', areHosts)),
  openai: optional(rules.flag),
  workerKey: optional(must('a string of visible ASCII characters', isKey)),
  keepDays: optional(rules.wholeNumber(1, 36_500)),
  storage: optional(fields(['getItem', 'setItem', 'removeItem', 'getKeys'], 'function')),
  maxWaiting: optional(rules.wholeNumber(1)),
  logger: optional(fields(['debug', 'info', 'warn', 'error', 'run'], 'function', 'undefined')),
}

/** The webhooks of a gateway with a queue and a key: without a key, nobody would know the secret. */
function openWebhooks(
  { queue: given, webhook: url, webhookHosts: hosts = [], apiKey }: GatewayOptions,
  parts: Pick<WebhooksOptions, 'opened' | 'eventOf' | 'secretsOf' | 'log'>,
): ReturnType<typeof createWebhooks> | undefined {
  const queue = given && ofQueue(given)
  if (!queue?.sender || apiKey === null) {
    if (url !== undefined || hosts.length > 0)
      throw new TypeError(
        'createGateway: options "webhook" and "webhookHosts" need "queue", and "apiKey" or "keys"',
      )
    return undefined
  }
  const webhooks = createWebhooks({ ...parts, queue, sender: queue.sender, url, hosts })
  try {
    if (url !== undefined) webhooks.check(url)
  } catch (error) {
    const { message } = error as Error
    throw new TypeError(`createGateway: option "webhook": ${message.replace('webhook_url', 'it')}`)
  }
  return webhooks
}

/** Gives the same random text at each call. It is made at the first one: Workers allow no randomness before a request. */
function madeOnce(): () => Promise<string> {
  let text: string | undefined
  return async () => (text ??= crypto.randomUUID())
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

/** The keys of the option, checked. After a change to wrong keys, the keys before it stay. */
function readKeys(
  keys: readonly Key[] | WatchedKeys,
  hasQueue: boolean,
  log: EngineContext['log'],
): WatchedKeys {
  const source: WatchedKeys = 'watch' in keys ? keys : { current: () => keys, watch: () => () => {} }
  const read = (): readonly Key[] => {
    const list = structuredClone(source.current())
    const problem = problemOfKeys(list, hasQueue)
    if (problem !== undefined) throw new TypeError(`createGateway: option "keys": ${problem}`)
    return list
  }
  let last = read()
  return {
    current: () => last,
    watch: (listener) =>
      source.watch(() => {
        try {
          last = read()
        } catch (error) {
          return log('error', `The keys stay as they were: ${(error as Error).message}`)
        }
        listener()
      }),
    close: () => source.close?.(),
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
