import type { Client } from '@flowscale/client'
import { type WaitOptions, waitForResult, waitForRun, watchRun } from '@flowscale/client/poller'
import { everySecond, RUN } from './kit.ts'

/** The waits that ask `getRun`, made alike: the states that were seen. They poll each second unless a test says otherwise. */
export const waits: Record<string, (client: Client, options?: WaitOptions) => Promise<string[]>> = {
  waitForRun: async (client, options) => {
    const states: string[] = []
    await waitForRun(client, RUN, {
      ...everySecond,
      onUpdate: ({ status }) => states.push(status),
      ...options,
    })
    return states
  },
  waitForResult: async (client, options) => {
    const states: string[] = []
    await waitForResult(client, RUN, {
      ...everySecond,
      onUpdate: ({ status }) => states.push(status),
      ...options,
    })
    return states
  },
  watchRun: async (client, { onUpdate, ...options } = {}) => {
    const states: string[] = []
    for await (const run of watchRun(client, RUN, { ...everySecond, ...options })) {
      states.push(run.status)
      await onUpdate?.(run)
    }
    return states
  },
}
