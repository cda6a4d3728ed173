import { extensionOf } from '@flowscale/gateway/face'
import { createRandom } from '../internal/createRandom.ts'
import { createSleep } from '../internal/createSleep.ts'
import type { RunContext } from '../types.ts'
import { notify } from './notify.ts'
import type { Output, Pod, Run, StoredFile } from './types.ts'

/** Calls the workflow and gives the files of each output, in the order of the run's outputs. */
export async function performRun(pod: Pod, run: Run): Promise<StoredFile[][]> {
  const { signal } = run.controller
  const { values, remote } = run.given
  const sleep = createSleep(signal, pod.settings.speed)
  // The answer to the execute request goes first, whatever the workflow does.
  await sleep(0)
  if (remote[0]) {
    const { input, url } = remote[0]
    throw new Error(`The emulator fetches nothing from the network: send ${input} as a file, not as ${url}`)
  }
  const context: RunContext = {
    runId: run.id,
    random: createRandom(`${pod.settings.seed}/run ${run.sequence}`),
    signal,
    sleep,
    progress(fraction) {
      if (run.status !== 'running' || !Number.isFinite(fraction) || clamp(fraction) === run.progress) return
      run.progress = clamp(fraction)
      notify(pod, run)
    },
  }
  const result: unknown = await run.workflow.run(values, context)
  return collect(run.outputs, result)
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction))
}

function collect(outputs: Output[], result: unknown): StoredFile[][] {
  const given = new Map<string, unknown>(Object.entries(result ?? {}))
  const files = outputs.map(({ key, name }) => {
    const made: unknown[] = [given.get(key)].flat()
    given.delete(key)
    // An empty list is wrong, too: the output was promised.
    return [made[0], ...made.slice(1)].map((file, index) => toStored(key, name, file, index))
  })
  for (const key of given.keys()) throw new Error(`The workflow gave an output it does not declare: "${key}"`)
  return files
}

function toStored(key: string, name: string, file: unknown, index: number): StoredFile {
  const { data, type } = (file ?? {}) as { data?: unknown; type?: unknown }
  if (!(data instanceof Uint8Array) || typeof type !== 'string' || !/^[\x20-\x7e]+$/.test(type)) {
    throw new Error(`The workflow must give { data: Uint8Array, type: string } for its output "${key}"`)
  }
  const number = index > 0 ? `_${index + 1}` : ''
  return { filename: `${name}${number}.${extensionOf(type)}`, type, data: data.slice() }
}
