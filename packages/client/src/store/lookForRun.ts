import { request, transient, withQuery } from '../internal/request.ts'
import { sleep } from '../internal/timers.ts'
import { asList } from '../internal/values.ts'
import { toRun } from '../run.ts'
import type { Client } from '../types.ts'
import type { RunRecord } from './record.ts'

/**
 * Looks for a run whose id is not known: in its group, and by `read`, as whoever submits it writes the id into the storage.
 * For 10 rounds, a second apart; for 600 while it may be on its way in this page or another tab. With a signal, rounds
 * without an answer of the server do not count.
 */
export async function lookForRun(
  client: Client,
  { groupId, startedAt, isOver }: RunRecord,
  read: () => RunRecord | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  // A page that was loaded later has ended the submission.
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
            // A server that knows no groups lists the runs of others.
            return toRun(asList(runs).find((run) => (Object(run).group_id ?? all) === groupId))._id
          },
        })
        if (runId) return runId
      }
    } catch (error) {
      // A proxy that sets the groups itself refuses the list.
      mayList = transient.includes((error as { status: number }).status)
      if (!mayCome && !mayList) break
      if (signal) rounds++
    }
  }
  return undefined
}
