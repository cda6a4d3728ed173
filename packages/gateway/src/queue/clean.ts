// Removes old runs, plans, counts and files.
import type { FileStore } from '../files/fileStore.ts'
import { dayOf, digits, idIn, isLive, parseRun, type RunRecord, runKey, setRun } from './runs.ts'
import { MOST_RUNS, type Store, transact } from './store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** How many days the counts of a day are kept. */
const USAGE_DAYS = 400

export function createClean(store: Store, files: FileStore, keepDays: number) {
  let place = ''

  /** Whether this gateway does the work of this hour: the first one that asks does. */
  const isMine = (now: number): Promise<boolean> =>
    transact(store, async (step) => {
      const [before] = await step.read<{ at: number }>('cleaned')
      // A clock that was ahead may have left a time in the future.
      if (before && Math.abs(now - before.at) < HOUR_MS - 60_000) return false
      step.check('cleaned')
      step.write('cleaned', { at: now })
      return true
    })

  /** Removes up to 200 runs that ended before this time. */
  async function removeRuns(before: number): Promise<number> {
    const marks = await store.range({ from: 'o/', to: `o/${digits(before)}` }, { limit: MOST_RUNS })
    await transact(store, async (step) => {
      await step.read(...marks.map((mark) => runKey(idIn(mark)))).catch(() => {})
      for (const mark of marks) {
        const [record] = await step.read<RunRecord>(runKey(idIn(mark))).catch(() => [])
        // A record that can't be read must not stop the removal of the others.
        if (!record || isLive(record)) step.unmark(mark)
        else setRun(step, record, undefined)
        if (record?.once !== undefined && !isLive(record)) step.write(record.once, undefined)
      }
    })
    return marks.length
  }

  /** Removes up to 200 plans, needs and callers that no run has used since that day. */
  async function removeTexts(day: string): Promise<number> {
    const marks = await store.range({ from: 'k/', to: `k/${day}` }, { limit: MOST_RUNS })
    for (const mark of marks) {
      const key = mark.slice('k/YYYY-MM-DD/'.length)
      await transact(store, async (step) => {
        const [seen] = await step.read<{ day: string }>(`seen/${key}`)
        step.unmark(mark)
        if (seen && seen.day >= day) return
        step.check(`seen/${key}`)
        step.write(`seen/${key}`, undefined)
        step.write(key, undefined)
      })
    }
    return marks.length
  }

  async function removeUsage(day: string): Promise<number> {
    const marks = await store.range({ from: 'u/', to: `u/${day}` }, { limit: MOST_RUNS })
    await transact(store, async (step) => {
      step.unmark(...marks)
      for (const mark of marks) step.write(`usage/${mark.slice(2)}`, undefined)
    })
    return marks.length
  }

  return {
    /** `at`: where the files are */
    open: async (at: string): Promise<void> => {
      place = at
      // Without this record, nothing is swept: an empty store must not remove the files of lost runs.
      await transact(store, async (step) => step.write('files', { place }))
    },
    /** Removes old records and files, at most once an hour in all gateways together. */
    async run(): Promise<void> {
      const now = Date.now()
      // A full store refuses this write, and needs the removal most: go on.
      if (store.listen && !(await isMine(now).catch(() => true))) return
      const before = now - keepDays * DAY_MS
      while ((await removeRuns(before)) === MOST_RUNS);
      while ((await removeUsage(dayOf(now - USAGE_DAYS * DAY_MS))) === MOST_RUNS);
      // An older run that still waits needs its plan.
      if ((await store.count({ from: 'a/', to: `a/${digits(before)}` })) === 0)
        while ((await removeTexts(dayOf(before))) === MOST_RUNS);
      const [known] = await store.read(['files'])
      if (known?.text !== JSON.stringify({ place })) return
      await files.sweep(async (kind, id) => {
        const [found] = await store.read([runKey(id)])
        try {
          const record = parseRun(found)
          return record !== undefined && (kind === 'out' || isLive(record))
        } catch {
          return true
        }
      })
    },
  }
}
