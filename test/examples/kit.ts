import { resolve } from 'node:path'
import { createEmulator, type Emulator, type EmulatorOptions } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { startProgram } from '../support/startCli.ts'

/** An emulator in this process, so that it can be asked and held up, and the environment that leads to it. */
export async function pod(options: EmulatorOptions = {}) {
  const emulator = createEmulator({ apiKey: 'fsk_example_5e1f09', speed: 50, ...options })
  const asked = new Map<string, number>()
  const listeners = new Set<() => void>()
  const handle: Emulator['handle'] = (request, where) => {
    const call = `${request.method} ${new URL(request.url).pathname}`
    asked.set(call, (asked.get(call) ?? 0) + 1)
    for (const listener of listeners) listener()
    return emulator.handle(request, where)
  }
  const server = await serve({ ...emulator, handle })
  const timesAsked = (runId = '') => asked.get(`GET /api/v1/runs${runId && `/${runId}`}`) ?? 0
  return {
    emulator,
    /** How often the state of a run was asked for over HTTP, or the list of all. */
    timesAsked,
    /** Waits until it was asked for so often. */
    askedTimes: (runId: string, times: number) =>
      new Promise<void>((resolve) => {
        const listener = () => {
          if (timesAsked(runId) < times) return
          listeners.delete(listener)
          resolve()
        }
        listeners.add(listener)
        listener()
      }),
    env: { FLOWSCALE_API_URL: server.url, FLOWSCALE_API_KEY: emulator.apiKey },
    url: server.url,
    /** The ids of all runs, the first that was submitted first. */
    runs: async (): Promise<string[]> => {
      const { data } = await ask(emulator, 'runs')
      return data.runs.map((run: { _id: string }) => run._id).reverse()
    },
    async close() {
      emulator.close()
      await server.close()
    },
  }
}

async function ask(emulator: Emulator, path: string, init: RequestInit = {}): Promise<any> {
  const headers = { 'x-api-key': emulator.apiKey }
  const response = await emulator.fetch(`${emulator.url}/api/v1/${path}`, { headers, ...init })
  return response.json()
}

export const cancel = (emulator: Emulator, runId: string) =>
  ask(emulator, `runs/${runId}/cancel`, { method: 'POST' })

/** Keeps a container busy until the function that it gives is called: runs behind it are queued as long. */
export async function occupy(emulator: Emulator): Promise<() => Promise<void>> {
  const body = new FormData()
  const { data } = await ask(emulator, 'runs?workflow_id=nev3rend5run', { method: 'POST', body })
  return () => cancel(emulator, data.run_id)
}

/** Waits until a run has a status, or any run has where no id is given; an error if that does not come. */
export function reached(emulator: Emulator, status: string, runId?: string): Promise<string> {
  const { promise, resolve, reject } = withResolvers<string>()
  const timer = setTimeout(() => reject(new Error(`no run was ${status}`)), 60_000)
  const look = (update: { run_id: string; status: string } | null) => {
    if (update?.status === status && (!runId || update.run_id === runId)) resolve(update.run_id)
  }
  const stop = emulator.watch(look)
  if (runId) look(emulator.stateOf(runId))
  return promise.finally(() => {
    clearTimeout(timer)
    stop()
  })
}

function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((...both) => {
    resolve = both[0]
    reject = both[1]
  })
  return { promise, resolve, reject }
}

/** An example as it is, started by Node in a folder of its own. */
export const run = (file: string, args: string[], cwd: string, env: Record<string, string>) =>
  startProgram(process.execPath, [resolve('examples', file), ...args], { cwd, env })
