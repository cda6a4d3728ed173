// The engine `comfyui()`: its options, and whether it has a queue.
import type { EngineMaker } from '../engine.ts'
import { checkOption, checkOptions, must, optional, type Rules } from '../options.ts'
import * as rules from '../rules.ts'
import { comfyKey, headers, readAddress } from './api/address.ts'
import { openSingle } from './openSingle.ts'
import { openQueued } from './queued/openQueued.ts'

/**
 * The engine that is a ComfyUI, with its own queue and records. With the option `queue` of the gateway, it is any number
 * of them, which take their runs from that queue.
 *
 * @throws `TypeError` for an unknown or wrong option, and for several addresses without a queue.
 */
export function comfyui(options: ComfyuiOptions): EngineMaker {
  const { urls, workers, lostAfterMs, maxQueueMs, maxWorkers, sending } = readOptions(options)
  return (context) => {
    if (workers !== (context.workers ?? false)) {
      throw new TypeError(
        workers
          ? 'comfyui: option "workers" needs a key for them: give createGateway the option "workerKey"'
          : 'createGateway: option "workerKey" needs comfyui({ workers: true })',
      )
    }
    if (context.queue) return openQueued({ urls, lostAfterMs, maxQueueMs, maxWorkers, sending }, context)
    if (urls.length === 1 && !workers) return openSingle({ url: urls[0]!, lostAfterMs, sending }, context)
    throw new TypeError(`comfyui: option "${workers ? 'workers' : 'urls'}" needs a queue: ${LINE}`)
  }
}

const LINE =
  "createGateway({ engine: comfyui({ … }), queue: folderQueue({ folder: 'data' }) }), from @flowscale/gateway/node"

/** Options of `comfyui()`. */
export interface ComfyuiOptions {
  /** Where your ComfyUI is, for example `http://127.0.0.1:8188` or `https://user:password@gpu.example.com`. */
  url?: string | undefined
  /** The addresses of several ComfyUIs. Needs the option `queue` of the gateway. */
  urls?: readonly string[] | undefined
  /**
   * GPUs anywhere dial in by the command `worker`, beside those of `url` or `urls`, or alone. Needs the options `queue` and
   * `workerKey` of the gateway. Default: false
   */
  workers?: boolean | undefined
  /** A run fails once its server can't be reached for this long. Default: 600000, ten minutes */
  lostAfterMs?: number | undefined
  /** A run that waits for longer in the option `queue` of the gateway fails. Default: 86400000, a day */
  maxQueueMs?: number | undefined
  /** With `workers`, how many may dial in: further names are refused until one is forgotten. Default: 200 */
  maxWorkers?: number | undefined
  /** Sent to each ComfyUI with every request and WebSocket, and never shown, such as `{ Authorization: 'Bearer …' }`. */
  headers?: Readonly<Record<string, string>> | undefined
  /**
   * The key for the nodes of partners, from platform.comfy.org. ComfyUI gets it with runs that have such a node, and nothing
   * shows it. A worker that dials in has a key of its own. Default: none, and workflows with such nodes are refused
   */
  comfyKey?: string | undefined
  /** Used for every request to ComfyUI. Default: the global one */
  fetch?: typeof globalThis.fetch | undefined
}

const ADDRESS = 'an http(s) address such as "http://127.0.0.1:8188", without "?" or "#"'
const address = must(ADDRESS, (value) => readAddress(value) !== undefined)

const OPTIONS: Rules<ComfyuiOptions> = {
  url: optional(address),
  urls: optional(must('an array of addresses', Array.isArray)),
  workers: optional(rules.flag),
  lostAfterMs: optional(rules.positive),
  maxQueueMs: optional(rules.positive),
  maxWorkers: optional(rules.wholeNumber(1)),
  headers: optional(headers),
  comfyKey: optional(comfyKey),
  fetch: optional(rules.callback),
}

function readOptions(options: ComfyuiOptions) {
  checkOptions('comfyui', options, OPTIONS)
  const { url, workers = false, lostAfterMs = 600_000, maxQueueMs = 86_400_000 } = options
  if (url !== undefined && options.urls !== undefined) {
    throw new TypeError('comfyui: options "url" and "urls" exclude each other: give all addresses in "urls"')
  }
  if (options.maxWorkers !== undefined && !workers)
    throw new TypeError('comfyui: option "maxWorkers" needs workers: true')
  if (options.urls?.length === 0 && !workers)
    throw new TypeError(
      'comfyui: option "urls" is empty: give an address, or workers: true for servers that dial in',
    )
  const urls = options.urls ?? (url === undefined && workers ? [] : [url!])
  urls.forEach((one, index) => {
    checkOption('comfyui', one, address, options.urls ? `urls[${index}]` : 'url')
  })
  const bare = urls.map((one) => readAddress(one)!.url)
  const twice = bare.findIndex((one, index) => bare.indexOf(one) !== index)
  if (twice >= 0) throw new TypeError(`comfyui: option "urls[${twice}]" is the same server as another one`)
  const { maxWorkers = 200, headers, fetch, comfyKey } = options
  const sending = { headers: { ...headers }, fetch, comfyKey }
  return { urls, workers, lostAfterMs, maxQueueMs, maxWorkers, sending }
}
