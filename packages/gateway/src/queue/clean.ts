// Removes old runs, plans, counts and files.
import { dayOf } from '../engine.ts'
import type { FileStore } from '../files/fileStore.ts'
import { DAY_MS, digits, idIn, isLive, type RunRecord, runKey, setRun } from './runs.ts'
import { MOST_RUNS, pages, parse, readOne, type Step, type Store, transact } from './store.ts'

const HOUR_MS = 3_600_000
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
      step.replace('cleaned', { at: now })
      return true
    })

  /** Removes the records of old marks, 200 a step. */
  async function remove(
    from: string,
    to: string,
    work: (step: Step, marks: readonly string[]) => Promise<void>,
  ): Promise<void> {
    for await (const marks of pages(store, { from, to }, MOST_RUNS))
      await transact(store, (step) => work(step, marks))
  }

  async function removeRuns(step: Step, marks: readonly string[]): Promise<void> {
    await step.read(...marks.map((mark) => runKey(idIn(mark)))).catch(() => {})
    for (const mark of marks) {
      const [record] = await step.read<RunRecord>(runKey(idIn(mark))).catch(() => [])
      // A record that can't be read must not stop the removal of the others.
      if (!record || isLive(record)) step.unmark(mark)
      else setRun(step, record, undefined)
      if (record?.once !== undefined && !isLive(record)) step.write(record.once, undefined)
    }
  }

  /** Removes the plans, needs and callers that no run has used since that day. */
  async function removeTexts(step: Step, marks: readonly string[], day: string): Promise<void> {
    const keys = marks.map((mark) => mark.slice('k/YYYY-MM-DD/'.length))
    const seen = await step.read<{ day: string }>(...keys.map((key) => `seen/${key}`))
    step.unmark(...marks)
    for (const [at, key] of keys.entries()) {
      if (seen[at] && seen[at].day >= day) continue
      step.replace(`seen/${key}`, undefined)
      step.write(key, undefined)
    }
  }

  async function removeUsage(step: Step, marks: readonly string[]): Promise<void> {
    step.unmark(...marks)
    for (const mark of marks) step.write(`usage/${mark.slice(2)}`, undefined)
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
      const day = dayOf(before)
      await remove('o/', `o/${digits(before)}`, removeRuns)
      await remove('u/', `u/${dayOf(now - USAGE_DAYS * DAY_MS)}`, removeUsage)
      // An older run that still waits needs its plan.
      if ((await store.count({ from: 'a/', to: `a/${digits(before)}` })) === 0)
        await remove('k/', `k/${day}`, (step, marks) => removeTexts(step, marks, day))
      const known = await readOne<{ place: string }>(store, 'files')
      if (known?.place !== place) return
      await files.sweep(async (kind, id) => {
        const [found] = await store.read([runKey(id)])
        try {
          const record = parse<RunRecord>(found)
          return record !== undefined && (kind === 'out' || isLive(record))
        } catch {
          return true
        }
      })
    },
  }
}
