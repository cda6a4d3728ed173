import { createFetch } from './http/createFetch.ts'
import { createHandler } from './http/createHandler.ts'
import { checkOptions } from './options/checkOptions.ts'
import { closePod } from './pod/closePod.ts'
import { createPod } from './pod/createPod.ts'
import { noteKeys } from './pod/noteKeys.ts'
import { runUpdate } from './pod/runUpdate.ts'
import { watch } from './pod/watch.ts'
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
  const handle = createHandler(pod)
  const { stats } = pod
  return {
    fetch: createFetch(handle, URL_OF_API, URL_OF_FILES),
    url: URL_OF_API,
    filesUrl: URL_OF_FILES,
    apiKey: settings.apiKey,
    handle,
    watch: (listener) => watch(pod, listener),
    stateOf(runId) {
      const run = pod.runs.get(runId)
      return run ? runUpdate(pod, run) : null
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
    close: () => closePod(pod),
  }
}
