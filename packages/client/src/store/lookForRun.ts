import { request, transient, withQuery } from '../internal/request.ts'
import { sleep } from '../internal/timers.ts'
import { asList } from '../internal/values.ts'
import type { WaitOptions } from '../poller/options.ts'
import { waitForResult } from '../poller/waitForResult.ts'
import { toRun } from '../run.ts'
import type { Client, RunResult } from '../types.ts'
import type { RunRecord } from './record.ts'

/** A server may answer 404 for a run that was submitted less than this time ago, in ms. */
const freshMs = 60_000

/**
 * Looks for the id of a run: in the group of the run, and with `read` in the storage, where the tab that submits the run
 * writes the id. There are 10 rounds, a second apart, or 600 while this page or another tab may still be submitting the run.
 * With a signal, a round whose request fails does not count.
 */
export async function lookForRun(
  client: Client,
  { groupId, startedAt, isOver }: RunRecord,
  read: () => RunRecord | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  // A submission that began before this page was loaded has ended with its page.
  const mayCome = !isOver && startedAt > performance.timeOrigin
  let mayList = true
  for (let rounds = mayCome ? 600 : 10; rounds-- > 0; await sleep(1000, signal)) {
    const written = read()
    if (written?.groupId === groupId && written.runId) return written.runId
    try {
      if (mayList) {
        const { data: runId } = await request(client, withQuery('runs', { group_id: groupId }), {
          options: { signal },
          parseData(data) {
            const { runs = data, group_id: all = groupId } = Object(data)
            // A server without groups lists the runs of others, too.
            return toRun(asList(runs).find((run) => (Object(run).group_id ?? all) === groupId))._id
          },
        })
        if (runId) return runId
      }
    } catch (error) {
      // A proxy that sets the group of each visitor refuses any other group.
      mayList = transient.includes((error as { status: number }).status)
      if (!mayCome && !mayList) break
      if (signal) rounds++
    }
  }
  return undefined
}

/** Waits for the result of a run. If the server does not know a new run yet, the wait is repeated, up to five times. */
export async function readResult(
  client: Client,
  { runId, startedAt }: RunRecord,
  options: WaitOptions,
): Promise<RunResult> {
  for (let left = Date.now() - startedAt < freshMs ? 5 : 0; ; left--) {
    try {
      return await waitForResult(client, runId!, options)
    } catch (error) {
      if (Object(error).status !== 404 || !left) throw error
      await sleep(1000, options.signal)
    }
  }
}
