import { type Client, TimeoutError } from '@flowscale/client'
import { type RunResult, waitForResult } from '@flowscale/client/poller'
import type { Failure } from './gather.ts'

/** How a run stands that goes on. */
export type Going = {
  runId: string
  status: string
  /** From 0 to 1. */
  progress?: number
  /** Place in the queue. */
  position?: number
}

/** The result of a run, why it has none, or how it goes on. A failure that may pass counts as one that goes on. */
export async function readStatus(
  client: Client,
  runId: string,
  options: { headers: Record<string, string>; signal: AbortSignal | undefined },
): Promise<{ result: RunResult } | { going: Going } | Failure> {
  let going: Going = { runId, status: 'unknown' }
  try {
    const result = await waitForResult(client, runId, {
      ...options,
      // Some servers say that a run is completed a moment before they list its outputs.
      ...{ maxPolls: 2, pollIntervalMs: 50 },
      onProgress: (progress) => {
        going = { runId, ...progress }
      },
    })
    return { result }
  } catch (error) {
    return error instanceof TimeoutError && error.reason ? { going } : { runId, error }
  }
}
