import { list, toRun } from '../internal/data.ts'
import { withQuery } from '../internal/query.ts'
import { request, transient } from '../internal/request.ts'
import { sleep } from '../internal/timers.ts'
import type { Client } from '../types.ts'
import type { RunRecord } from './createRecord.ts'

export interface Look {
  readonly signal?: AbortSignal | undefined
  /** Whether the submission has ended. */
  readonly isOver?: boolean
  readonly read: () => RunRecord | undefined
  /** While somebody listens, rounds without an answer of the server do not count. */
  readonly listeners: ReadonlySet<unknown>
}

/**
 * Looks for a run whose id is not known: in its group, and in the storage, where whoever submits it writes the id. For 10
 * rounds, a second apart; for 600 while it may be on its way in this page or another tab.
 */
export async function lookForRun(
  client: Client,
  { groupId, startedAt }: RunRecord,
  // A page that was loaded later has ended the submission.
  { signal, isOver = !(startedAt > performance.timeOrigin), read, listeners }: Look,
): Promise<string | undefined> {
  let mayList = true
  for (let rounds = isOver ? 10 : 600; rounds > 0; await sleep(1000, signal)) {
    const written = read()
    if (written?.groupId === groupId && written.runId) return written.runId
    try {
      if (mayList) {
        const { data } = await request(client, withQuery('runs', { group_id: groupId }), {
          options: { signal },
          parseData: (data) => list(Object(data).runs ?? data).map((run) => toRun(run)._id),
        })
        if (data[0]) return data[0]
      }
      rounds--
    } catch (error) {
      signal?.throwIfAborted()
      // A proxy that sets the groups itself refuses the list.
      mayList = transient.includes((error as { status: number }).status)
      if (isOver && !mayList) break
      if (!listeners.size) rounds--
    }
  }
  return undefined
}
