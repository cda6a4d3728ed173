import { type Client, cancelRun, getRun } from '@flowscale/client'
import { describeError } from '../describeError.ts'
import { goOn } from './goOn.ts'

/** So long may a cancel take after Ctrl-C, in ms. */
const limitMs = 5000

/** Cancels runs after an interruption; says of each whether it was cancelled. */
export async function cancelRuns(
  client: Client,
  runIds: readonly string[],
  folder: string | undefined,
): Promise<string> {
  const told = await Promise.all(runIds.map((runId) => cancelOne(client, runId, folder)))
  return told.join(' ')
}

async function cancelOne(client: Client, runId: string, folder: string | undefined): Promise<string> {
  const options = { signal: AbortSignal.timeout(limitMs), maxRetries: 1 }
  try {
    await cancelRun(client, runId, options)
    const { status } = (await getRun(client, runId, options)).data
    if (/^cancell?ed$/.test(status)) return `Run ${runId} was cancelled.`
    if (/^(?:completed|success)$/.test(status))
      return `Run ${runId} had ended before. To save its outputs: ${goOn('download', [runId], folder)}`
    return `Run ${runId} was asked to cancel; it is ${status}.`
  } catch (error) {
    return `Run ${runId} could not be cancelled, and may go on: ${describeError(error).message}.`
  }
}
