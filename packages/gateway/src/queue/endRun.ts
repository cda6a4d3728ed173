// Writes the end of a run, and adds the run and its GPU time to the usage of the day.
import { dayOf } from '../engine.ts'
import type { EndedRun } from '../records/recordStore.ts'
import { chargeEnd, keysOf, type Retagger, type Stale } from './costs.ts'
import type { Deliveries } from './deliveries.ts'
import {
  callerOf,
  type EndRecord,
  encode,
  isLive,
  type QueuedRun,
  type RunRecord,
  runKey,
  setRun,
} from './runs.ts'
import { readOne, type Store, transact } from './store.ts'

/** The counts of a day, an owner and a workflow: ended runs by status, and their GPU time. */
export type Usage = Readonly<Partial<Record<EndedRun['status'] | 'gpuMs', number>>>

export function createEnd<Ended extends EndedRun>(
  store: Store,
  retagger: Retagger,
  deliveries: Deliveries,
): (ended: Ended, gpuMs: number | undefined) => Promise<Ended> {
  const locks = new Map<string, Promise<unknown>>()

  /** Does the work for a key one after another in this process: steps at the same time would conflict. */
  async function alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    const mine = (locks.get(key) ?? Promise.resolve()).then(work, work)
    locks.set(key, mine)
    return await mine.finally(() => locks.get(key) === mine && locks.delete(key))
  }

  return async (ended, gpuMs) => {
    const { id } = ended.run
    const now = Date.now()
    const known = await readOne<RunRecord<QueuedRun, Ended>>(store, runKey(id))
    if (!isLive(known)) return known?.end ?? ended
    const usage = `${dayOf(now)}/${encode(known.owner ?? '')}/${encode(known.job.workflowId)}`
    let stale: Stale = { lines: [] }
    let hooks: EndRecord['hooks']
    const counts = await alone(usage, () =>
      transact(store, async (step) => {
        const [record] = await step.read<RunRecord<QueuedRun, Ended>>(
          runKey(id),
          `usage/${usage}`,
          ...keysOf(callerOf(known)),
        )
        if (!isLive(record)) return record?.end ?? ended
        const { number, owner, once, server } = record
        const [used] = await step.read<Usage>(`usage/${usage}`)
        step.replace(`usage/${usage}`, {
          ...used,
          [ended.status]: (used?.[ended.status] ?? 0) + 1,
          gpuMs: (used?.gpuMs ?? 0) + Math.round(gpuMs ?? 0),
        } satisfies Usage)
        step.mark(`u/${usage}`)
        const ms = gpuMs && Math.round(gpuMs)
        stale = await chargeEnd(step, record, ms, ended.status === 'completed')
        hooks = deliveries.hooksOf(record, ended, now)
        setRun(step, record, { end: ended, number, endedAt: now, owner, once, hooks })
        step.tell({ run: id, server, isOver: true })
        return ended
      }),
    )
    retagger.soon(stale)
    deliveries.tell(id, known.owner, hooks)
    return counts
  }
}
