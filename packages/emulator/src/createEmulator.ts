import {
  createFetch,
  createHttpApi,
  type Dialect,
  type HttpApiOptions,
  type PlainRequest,
  type RunUpdate,
  type Where,
} from '@flowscale/gateway/http'
import {
  checkOptions,
  createPreviewLinks,
  DIALECTS,
  isKey,
  must,
  optional,
  type Rules,
  rules,
  runUpdate,
  URL_TTL_MS,
} from '../../gateway/src/internal.ts'
import { createEngine } from './engine/createEngine.ts'
import { countOne, type Ledger, noteKeys } from './engine/ledger.ts'
import { createState, type EmulatorStats, type EngineState, type Settings, toApiRun } from './engine/state.ts'
import { createWebhooks } from './engine/webhooks.ts'
import { checkFaults } from './faults/createFaults.ts'
import type { FaultKind, FaultOptions } from './faults/table.ts'
import { makeRequestId, sign } from './seed.ts'
import { checkWorkflows } from './workflows/checkWorkflows.ts'
import type { WorkflowDefinition } from './workflows/types.ts'

/** Options of {@link createEmulator}. */
export interface EmulatorOptions {
  /** The key that requests must carry. Default: `fsk_local_demo_key` */
  apiKey?: string | undefined
  /** Seeds ids, names, signatures and randomness. Default: 1 */
  seed?: number | undefined
  /** How many runs go at the same time. Default: 2 */
  containers?: number | undefined
  /** Divides every duration; Infinity waits for nothing. Default: 1 */
  speed?: number | undefined
  /** The form of the API, of the three known ones. Default: `readme` */
  dialect?: Dialect | undefined
  /** Your own workflows, added to the built-in ones. One with the id of a built-in workflow replaces it. */
  workflows?: WorkflowDefinition[] | undefined
  /** How many finished runs are kept; the oldest goes first, with its files. Default: 1000 */
  maxRuns?: number | undefined
  /** How long a download link lives. Default: 900000 */
  urlTtlMs?: number | undefined
  /** Faults, at random or by a plan. The object is read at each use, so you can change it later. Default: none */
  faults?: FaultOptions | undefined
  /**
   * Takes each webhook, as a request that is signed for `verifyWebhook`; its answer is the receiver's. Default: `fetch`, and
   * `webhook_url` must lead to this machine
   */
  onWebhook?: ((request: Request) => Response | Promise<Response>) | undefined
}

/** An emulator, made by {@link createEmulator}. */
export interface Emulator {
  /** Replaces the global `fetch`; it reaches `url` and `filesUrl`, and nothing else. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** The address of the API, for `fetch` only: nothing listens there. */
  readonly url: string
  /** The address of the files, for `fetch` only. */
  readonly filesUrl: string
  /** The key that requests must carry. */
  readonly apiKey: string
  /** Answers a request. A server calls it; `fetch` calls it, too. */
  handle(request: PlainRequest, where: Where): Promise<Response>
  /**
   * Calls the listener at each change of a run's status or progress. If somebody reads the events of a run, also at each
   * new place of the run in the queue. The returned function stops the calls. An error of a listener is an unhandled
   * rejection; the run and the other listeners go on.
   */
  watch(listener: (update: RunUpdate) => void): () => void
  /** The state of a run, or `null` if no run has this id. */
  stateOf(runId: string): RunUpdate | null
  /** The real events, live. */
  readonly ledger: Ledger
  /** For a server with WebSockets: chooses their faults, which the ledger counts. */
  readonly sockets: {
    /** For an accepted handshake; notes the key, too. */
    connect(url: string, headers: Iterable<readonly [name: string, value: string]>): FaultKind | undefined
    /** For each message. */
    message(update: RunUpdate): FaultKind | undefined
  }
  /** Live numbers. */
  readonly stats: EmulatorStats
  /** Cancels every run and clears the timers. Results can still be read; new runs get 503. */
  close(): void
}

const URL_OF_API = 'http://flowscale.test'
const URL_OF_FILES = 'http://files.flowscale.test'

/**
 * Makes a FlowScale that lives in this process: its `fetch` answers like a pod, without a port.
 *
 * @throws `TypeError` for an unknown or wrong option.
 *
 * @example
 * ```ts
 * const emulator = createEmulator({ speed: Infinity })
 * const client = createClient({ baseUrl: emulator.url, apiKey: emulator.apiKey, fetch: emulator.fetch })
 * await executeWorkflowAsync(client, 'bncu0a1kipv', { text_51536: 'a red fox' }, { pollIntervalMs: 1 })
 * console.log(emulator.stats.runsStarted)
 * emulator.close()
 * ```
 */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const settings = readOptions(options)
  const state = createState(settings)
  const { stats, ledger, faults } = state
  const { apiKey, seed, dialect, urlTtlMs } = settings
  const engine = createEngine(state)
  const links = { dialect, urlTtlMs, sign: (text: string) => sign(seed, text) }
  const previewOf = createPreviewLinks(links.sign)
  let filesUrl = URL_OF_FILES
  // Pages on plain HTTP can't sign.
  const webhooks = globalThis.crypto?.subtle && createWebhooks(state, links, () => filesUrl)
  if (webhooks) state.sendWebhook = webhooks.send
  const api = createHttpApi({
    engine,
    ...links,
    apiKey,
    name: 'emulator',
    webhooks,
    makeRequestId: () => makeRequestId(state.randomRequestIds),
    around: withFaults(state),
  })
  const handle: Emulator['handle'] = (request, where) => {
    stats.requests++
    filesUrl = where.filesUrl
    noteKeys(ledger, apiKey, { url: request.url, headers: request.headers, files: where.files })
    return api.handle(request, where)
  }
  return {
    fetch: createFetch({ handle, url: URL_OF_API, filesUrl: URL_OF_FILES, name: 'emulator' }),
    url: URL_OF_API,
    filesUrl: URL_OF_FILES,
    apiKey,
    handle,
    watch(listener) {
      if (typeof listener !== 'function') throw new TypeError('watch: listener must be a function')
      return api.watch(listener)
    },
    stateOf(runId) {
      const known = state.runs.get(runId)
      if (!known) return null
      const run = toApiRun(known)
      // Seeded signatures are made at once.
      return runUpdate(dialect, run, previewOf(run) as string | undefined)
    },
    ledger,
    sockets: {
      connect(url, headers) {
        noteKeys(ledger, apiKey, { url, headers: new Headers([...headers] as [string, string][]) })
        return faults.choose('connect', new URL(url).pathname)
      },
      message: (update) => faults.choose('message', update.run_id),
    },
    stats,
    close() {
      engine.close()
      webhooks?.close()
    },
  }
}

/** Answers an operation by a fault, or truly. The ledger counts the whole files that were really sent. */
function withFaults({ faults, ledger, stats }: EngineState): NonNullable<HttpApiOptions['around']> {
  return (operation, target, { request, filesUrl, perform }) =>
    faults.play(operation, target, {
      request,
      filesUrl,
      async perform() {
        const answer = await perform()
        if (operation !== 'downloadOutput') return answer
        const [, , runId = ''] = target.split('/')
        if (answer.status === 200 && request.method === 'GET') countOne(ledger.results, runId)
        // A file is answered with 400 for one reason only: the request has a key.
        if (answer.status === 400) stats.keysRefusedAtFiles++
        return answer
      },
    })
}

const OPTIONS: Rules<EmulatorOptions> = {
  apiKey: optional(must('a string of visible ASCII characters', isKey)),
  seed: optional(rules.finite),
  containers: optional(rules.wholeNumber(1, 100)),
  speed: optional(rules.positive),
  dialect: optional(rules.oneOf(DIALECTS)),
  workflows: optional(must('an array', Array.isArray)),
  maxRuns: optional(rules.wholeNumber(1)),
  urlTtlMs: optional(rules.finitePositive),
  faults: optional(rules.object),
  onWebhook: optional(rules.callback),
}

function readOptions(options: EmulatorOptions): Settings {
  checkOptions('createEmulator', options, OPTIONS)
  if (options.faults) checkFaults(options.faults)
  return {
    apiKey: options.apiKey ?? 'fsk_local_demo_key',
    seed: options.seed ?? 1,
    containers: options.containers ?? 2,
    speed: options.speed ?? 1,
    dialect: options.dialect ?? 'readme',
    workflows: checkWorkflows(options.workflows ?? []),
    maxRuns: options.maxRuns ?? 1000,
    urlTtlMs: options.urlTtlMs ?? URL_TTL_MS,
    faults: options.faults,
    onWebhook: options.onWebhook,
  }
}
