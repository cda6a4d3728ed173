import { createFace, createFetch, runUpdate } from '@flowscale/gateway/face'
import { makeRequestId } from './internal/ids.ts'
import { sign } from './internal/sign.ts'
import { checkOptions } from './options/checkOptions.ts'
import { around } from './pod/around.ts'
import { createEngine } from './pod/createEngine.ts'
import { createPod } from './pod/createPod.ts'
import { noteKeys } from './pod/noteKeys.ts'
import { toRun } from './pod/toRun.ts'
import type { Emulator, EmulatorOptions } from './types.ts'

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
  const settings = checkOptions(options)
  const pod = createPod(settings)
  const { stats } = pod
  const { apiKey, seed, dialect, urlTtlMs } = settings
  const engine = createEngine(pod)
  const face = createFace({
    engine,
    dialect,
    apiKey,
    urlTtlMs,
    name: 'emulator',
    sign: (text) => sign(seed, text),
    makeRequestId: () => makeRequestId(pod.randomRequestIds),
    around: (operation, target, call) => around(pod, operation, target, call),
  })
  const handle: Emulator['handle'] = (request, where) => {
    stats.requests++
    noteKeys(pod, request.url, request.headers, where.files)
    return face.handle(request, where)
  }
  return {
    fetch: createFetch({ handle, url: URL_OF_API, filesUrl: URL_OF_FILES, name: 'emulator' }),
    url: URL_OF_API,
    filesUrl: URL_OF_FILES,
    apiKey,
    handle,
    watch(listener) {
      if (typeof listener !== 'function') throw new TypeError('watch: listener must be a function')
      return face.watch(listener)
    },
    stateOf(runId) {
      const run = pod.runs.get(runId)
      return run ? runUpdate(dialect, toRun(run)) : null
    },
    ledger: pod.ledger,
    sockets: {
      connect(url, headers) {
        noteKeys(pod, url, new Headers([...headers] as [string, string][]))
        return pod.faults.choose('connect', new URL(url).pathname)
      },
      message: (update) => pod.faults.choose('message', update.run_id),
    },
    stats: {
      get requests() {
        return stats.requests
      },
      get runsStarted() {
        return stats.runsStarted
      },
      get keysRefusedAtFiles() {
        return stats.keysRefusedAtFiles
      },
    },
    close: () => engine.close(),
  }
}
