import { extensionOf, fileName, MOST_PREVIEW_BYTES } from '../../../gateway/src/internal.ts'
import { createRandom } from '../seed.ts'
import type { OutputFile, RunContext } from '../workflows/types.ts'
import type { Output, Run, Settings, StoredFile } from './state.ts'

/**
 * Calls the workflow of a run, and returns the files of each output, in the order of the run's outputs. `onProgress` gets
 * numbers from 0 to 1, and `onPreview` pictures, if the run is to have any.
 */
export async function performRun(
  { id, sequence, workflow, given, outputs, controller: { signal } }: Run,
  { speed, seed }: Settings,
  onProgress: (progress: number) => void,
  onPreview?: (picture: OutputFile) => void,
): Promise<StoredFile[][]> {
  const sleep = createSleep(signal, speed)
  // The answer to the execute request goes first, whatever the workflow does.
  await sleep(0)
  if (given.remote[0]) {
    const { input, url } = given.remote[0]
    throw new Error(`The emulator fetches nothing from the network: send ${input} as a file, not as ${url}`)
  }
  const over = new AbortController()
  const context: RunContext = {
    runId: id,
    random: createRandom(`${seed}/run ${sequence}`),
    signal,
    sleep,
    progress(fraction) {
      if (Number.isFinite(fraction)) onProgress(Math.min(1, Math.max(0, fraction)))
    },
    preview: onPreview && createPreview(createSleep(over.signal, speed), onPreview),
  }
  try {
    const result: unknown = await workflow.run(given.values, context)
    return toStoredFiles(outputs, result)
  } finally {
    over.abort()
  }
}

const PREVIEW_MS = 500

/** Checks pictures, and passes on at most two a second. A newer picture replaces one that waits. */
function createPreview(
  sleep: RunContext['sleep'],
  onPreview: (picture: OutputFile) => void,
): NonNullable<RunContext['preview']> {
  let next: OutputFile | undefined
  let isPaused = false
  async function passOn(): Promise<void> {
    isPaused = true
    for (; next; await sleep(PREVIEW_MS)) {
      onPreview(next)
      next = undefined
    }
    isPaused = false
  }
  return (picture) => {
    const { data, type } = (picture ?? {}) as Partial<OutputFile>
    if (!(data instanceof Uint8Array) || !/^image\/(jpeg|png|webp)$/.test(String(type))) {
      throw new TypeError('preview: data must be a Uint8Array, and type image/jpeg, image/png or image/webp')
    }
    if (data.byteLength > MOST_PREVIEW_BYTES) {
      throw new TypeError(`preview: data must have at most ${MOST_PREVIEW_BYTES} bytes`)
    }
    next = { data: data.slice(), type: String(type) }
    // The sleep rejects at the end of the run.
    if (!isPaused) passOn().catch(() => {})
  }
}

function toStoredFiles(outputs: readonly Output[], result: unknown): StoredFile[][] {
  const made = new Map<string, unknown>(Object.entries(result ?? {}))
  const files = outputs.map(({ key, name }) => {
    const ofOutput: unknown[] = [made.get(key)].flat()
    made.delete(key)
    // An empty list is wrong, too: the output was promised.
    return [ofOutput[0], ...ofOutput.slice(1)].map((file, index) => toStoredFile(key, name, file, index))
  })
  for (const key of made.keys()) throw new Error(`The workflow gave an output it does not declare: "${key}"`)
  return files
}

function toStoredFile(key: string, name: string, file: unknown, index: number): StoredFile {
  const { data, type } = (file ?? {}) as { data?: unknown; type?: unknown }
  if (!(data instanceof Uint8Array) || typeof type !== 'string' || !/^[\x20-\x7e]+$/.test(type)) {
    throw new Error(`The workflow must give { data: Uint8Array, type: string } for its output "${key}"`)
  }
  return { filename: fileName(name, index, extensionOf(type)), type, data: data.slice() }
}

const LONGEST_TIMER = 2 ** 31 - 1

/** A sleep for one run: `ms` divided by `speed`, always at least one turn of the event loop. */
export function createSleep(signal: AbortSignal, speed: number): (ms: number) => Promise<void> {
  // One listener for all sleeps of the run: Node warns from the eleventh on one signal.
  const wakers = new Set<() => void>()
  signal.addEventListener('abort', () => [...wakers].forEach((wake) => void wake()), { once: true })

  return (ms) => {
    const slept = new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const wake = (): void => {
        wakers.delete(wake)
        clearTimeout(timer)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      const duration = ms > 0 && speed !== Number.POSITIVE_INFINITY ? ms / speed : 0
      const timer = setTimeout(wake, Math.min(duration, LONGEST_TIMER))
      wakers.add(wake)
    })
    // A workflow that does not await its sleep must not end the process when its run is cancelled.
    slept.catch(() => {})
    return slept
  }
}
