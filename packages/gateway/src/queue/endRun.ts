import type { EndedRun } from '../records/recordStore.ts'
import { chargeEnd, keysOf, type Retagger } from './costs.ts'
import {
  callerOf,
  dayOf,
  encode,
  isLive,
  type LiveRecord,
  parseRun,
  type RunRecord,
  runKey,
  setRun,
} from './runs.ts'
import { type Store, transact } from './store.ts'

/** The runs of a day, an owner and a workflow: how many by end, and their GPU time. */
export type Usage = Readonly<Partial<Record<EndedRun['status'] | 'gpuMs', number>>>

/** Writes ends down, with what they are counted for. */
export function createEnd(
  store: Store,
  retagger: Retagger,
): (ended: EndedRun, gpuMs: number | undefined) => Promise<EndedRun> {
  const locks = new Map<string, Promise<unknown>>()

  /** One after another in this process: they would only conflict. */
  async function alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    const mine = (locks.get(key) ?? Promise.resolve()).then(work, work)
    locks.set(key, mine)
    return await mine.finally(() => locks.get(key) === mine && locks.delete(key))
  }

  return async (ended, gpuMs) => {
    const { id } = ended.run
    const now = Date.now()
    const usageOf = ({ owner, job }: LiveRecord): string =>
      `${dayOf(now)}/${encode(owner ?? '')}/${encode(job.workflowId)}`
    const [found] = await store.read([runKey(id)])
    const known = parseRun(found)
    if (!isLive(known)) return known?.end ?? ended
    const usage = usageOf(known)
    let lines: readonly string[] | 'all' = []
    const counts = await alone(usage, () =>
      transact(store, async (step) => {
        const [record] = await step.read<RunRecord>(runKey(id), `usage/${usage}`, ...keysOf(callerOf(known)))
        if (!isLive(record)) return record?.end ?? ended
        const { number, owner, once, due, server } = record
        const [used] = await step.read<Usage>(`usage/${usage}`)
        step.check(`usage/${usage}`)
        step.write(`usage/${usage}`, {
          ...used,
          [ended.status]: (used?.[ended.status] ?? 0) + 1,
          gpuMs: (used?.gpuMs ?? 0) + Math.round(gpuMs ?? 0),
        } satisfies Usage)
        step.mark(`u/${usage}`)
        const ms = gpuMs && Math.round(gpuMs)
        lines = await chargeEnd(step, record, ms, ended.status === 'completed')
        setRun(step, record, { end: ended, number, endedAt: now, owner, once, due })
        step.tell({ run: id, server, isOver: true })
        return ended
      }),
    )
    retagger.soon(lines)
    return counts
  }
}
