import type { Client } from '@flowscale/client'
import { type WaitOptions, waitForResult, waitForRun, watchRun } from '@flowscale/client/poller'
import { RUN } from './kit.ts'

/** The waits that ask `getRun`, made alike: the states that were seen. */
export const waits: Record<string, (client: Client, options?: WaitOptions) => Promise<string[]>> = {
  waitForRun: async (client, options) => {
    const states: string[] = []
    await waitForRun(client, RUN, { onUpdate: ({ status }) => states.push(status), ...options })
    return states
  },
  waitForResult: async (client, options) => {
    const states: string[] = []
    await waitForResult(client, RUN, { onUpdate: ({ status }) => states.push(status), ...options })
    return states
  },
  watchRun: async (client, { onUpdate, ...options } = {}) => {
    const states: string[] = []
    for await (const run of watchRun(client, RUN, options)) {
      states.push(run.status)
      await onUpdate?.(run)
    }
    return states
  },
}
