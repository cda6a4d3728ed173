import { type Client, isFlowScaleError, iterateRuns } from '@flowscale/client'
import { createRunWatcher } from '@flowscale/client/poller'

export interface Ends {
  readonly completed: readonly string[]
  /** With a reason, each. */
  readonly failed: readonly string[]
  readonly cancelled: readonly string[]
  /** Of which nothing certain is told. */
  readonly unknown: readonly string[]
  /** The inputs of those that are listed, by run. */
  readonly inputs: ReadonlyMap<string, string>
}

/** Waits for runs, and for all others of their group, as a client does. */
export async function settleAll(
  client: Client,
  groupId: string,
  known: readonly string[],
  pollIntervalMs: number,
): Promise<Ends> {
  const inputs = new Map<string, string>()
  for await (const run of iterateRuns(client, { groupId })) inputs.set(run._id, JSON.stringify(run.inputs))
  const list = [...new Set([...known, ...inputs.keys()])]
  const [completed, failed, cancelled, unknown]: string[][] = [[], [], [], []]
  const watcher = createRunWatcher(client, { groupId, pollIntervalMs, maxRequestsPerSecond: 1000 })
  const settled = await watcher.waitAll(list, { timeoutMs: 50_000 })
  watcher.close()
  for (const [index, outcome] of settled.entries()) {
    const id = list[index]!
    const error = outcome.status === 'rejected' ? outcome.reason : undefined
    const { code, status, errors = [] } = Object(error)
    if (!error) completed!.push(id)
    else if (!isFlowScaleError(error) || code !== 'ERR_FLOWSCALE_RUN') unknown!.push(`${id}: ${error}`)
    else if (status === 'cancelled') cancelled!.push(id)
    else if (status === 'failed' && errors.length > 0) failed!.push(`${id}: ${errors}`)
    else unknown!.push(`${id}: ${error}`)
  }
  return { completed: completed!, failed: failed!, cancelled: cancelled!, unknown: unknown!, inputs }
}
