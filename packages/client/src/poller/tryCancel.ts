import { cancelRun } from '../api/cancelRun.ts'
import { TimeoutError } from '../errors.ts'
import { reveal } from '../internal/secrets.ts'
import { withDeadline } from '../internal/withDeadline.ts'
import type { Client, HeadersSource } from '../types.ts'

/** How long a cancel may take, in ms. */
export const cancelMs = 5000

/** Cancels a run that nobody waits for any more. Gives what went wrong, if anything, and warns of it. */
export async function tryCancel(
  client: Client,
  runId: string,
  headers: HeadersSource | undefined,
): Promise<unknown> {
  const late = () => {
    throw new TimeoutError(`Cancelling timed out after ${cancelMs}ms`, { runId, timeoutMs: cancelMs })
  }
  try {
    await withDeadline(cancelMs, undefined, (signal) => cancelRun(client, runId, { signal, headers }), late)
    return undefined
  } catch (problem) {
    try {
      const { code = 'headers failed' } = Object(problem)
      await reveal(client).logger?.warn(`Run ${runId} could not be cancelled: ${code}`, { runId, code })
    } catch {}
    return problem
  }
}
