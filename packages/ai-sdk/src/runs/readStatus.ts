import { type Client, HttpError, TimeoutError } from '@flowscale/client'
import { type RunProgress, type RunResult, waitForResult } from '@flowscale/client/poller'
import type { GoingRun } from '../types.ts'
import type { Failure } from './outcome.ts'

/** How long a server may answer 404 for a started run, in ms. */
const unknownMs = 5000

/** The result of a run, its error, or its state. After a temporary failure the run counts as going on. */
export async function readStatus(
  client: Client,
  runId: string,
  {
    startedAt,
    ...options
  }: { headers: Record<string, string>; signal: AbortSignal | undefined; startedAt: number },
): Promise<{ result: RunResult } | { going: GoingRun } | Failure> {
  let going: GoingRun = { runId, status: 'unknown' }
  try {
    const onProgress = (progress: RunProgress): void => {
      going = { runId, ...progress }
    }
    const result = await waitForResult(client, runId, { ...options, onProgress, maxPolls: 1 }).catch(
      (error) => {
        // Some servers say that a run is completed a moment before they list its outputs.
        if (going.progress === 1 && error.resume) return error.resume({ maxPolls: 2 })
        throw error
      },
    )
    return { result }
  } catch (error) {
    const isUnknownYet =
      error instanceof HttpError && error.status === 404 && Date.now() - startedAt < unknownMs
    const isGoing = isUnknownYet || (error instanceof TimeoutError && error.reason)
    return isGoing ? { going } : { runId, error }
  }
}
