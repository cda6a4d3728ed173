// Adds runs to a queue: once for each Idempotency-Key, and within the limit of their owner.
import { type Caller, checkSame, dayOf, EngineError, type Once } from '../engine.ts'
import { sleep } from '../runtime.ts'
import { chargeAdd, keysOf } from './costs.ts'
import { below, callerOf, encode, lineOf, type QueuedRun, type RunRecord, runKey, setRun } from './runs.ts'
import { readOne, type Step, type Store, transact, Unsure } from './store.ts'

/** How long a submission waits for a store that went away while the run was added. */
const UNSURE_MS = 10_000

/** A run in a queue, and its number there. */
export interface Added {
  readonly id: string
  readonly number: number
}

export const onceKeyOf = (key: string, owner: string | undefined): string =>
  `once/${encode(owner ?? '')}:${encode(key)}`

export interface OnceRecord extends Added {
  readonly hash: string
}

/** Throws an `EngineError` of 429 if the owner may have no more runs. */
export async function checkLimit(store: Store, { owner, maxUnfinished }: Caller): Promise<void> {
  if (maxUnfinished === undefined) return
  // A count would not do: in a folder it may be older than a record that was read before.
  const last = { offset: maxUnfinished - 1, limit: 1 }
  if ((await store.range(below(`n/${encode(owner ?? '')}/`), last)).length === 0) return
  const count = maxUnfinished === 1 ? 'a run that has' : `${maxUnfinished} runs that have`
  const message = `The key has ${count} not ended, and may have no more`
  throw new EngineError(429, message, { retryAfterS: 5 })
}

/** A record that several runs need. Without a value, another function writes it. */
type Text = readonly [key: string, value?: object]

const seenKeyOf = ([key]: Text): string => `seen/${key}`

/** Writes records that are not written today, and the day, so that `clean.ts` can remove old ones. */
export async function writeTexts(step: Step, ...texts: readonly Text[]): Promise<void> {
  const day = dayOf(Date.now())
  const seen = await step.read<{ day: string }>(...texts.map(seenKeyOf))
  for (const [at, text] of texts.entries()) {
    const [key, value] = text
    const last = seen[at]?.day
    if (last === day) continue
    if (value) step.write(key, value)
    step.write(seenKeyOf(text), { day })
    if (last) step.unmark(`k/${last}/${key}`)
    step.mark(`k/${day}/${key}`)
  }
}

export function createAdd<Job extends QueuedRun, Plan extends object, Needs extends object>(store: Store) {
  /** The cost of the runs that are being added, by line. */
  const adding = new Map<string, number>()

  return async (
    job: Job,
    plan: Plan,
    needs: Needs,
    caller: Caller = {},
    once?: Once,
    webhook?: string,
  ): Promise<Added> => {
    const { owner, priority, maxUnfinished } = caller
    const number = store.next()
    // `addOnce` waits for the number and throws its error.
    number.catch(() => {})
    const run = { job, owner, priority: priority || undefined }
    const line = lineOf(run)
    const onceKey = once && onceKeyOf(once.key, owner)
    const limitKey = `limit/${encode(owner ?? '')}`
    const costKeys = keysOf(callerOf(run))
    const texts: Text[] = [[`plan/${job.plan}`, plan], [`needs/${job.needs}`, needs], [costKeys[2]]]
    let pending = 0
    const addOnce = async (step: Step): Promise<Added> => {
      const keys = [runKey(job.id), ...costKeys, limitKey, ...texts.map(seenKeyOf)]
      const [before] = await step.read<RunRecord>(...keys, ...(onceKey ? [onceKey] : []))
      // An earlier try has added the run, and its answer was lost.
      if (before) return { id: job.id, number: before.number }
      if (once && onceKey) {
        const [known] = await step.read<OnceRecord>(onceKey)
        if (known) {
          checkSame(known, once)
          return known
        }
        step.replace(onceKey, { id: job.id, hash: once.hash, number: await number } satisfies OnceRecord)
      }
      if (maxUnfinished !== undefined) {
        await checkLimit(store, caller).catch(async (error) => {
          // Another submission with this key may have come since the first read. This step conflicts then, and finds its run.
          if (!onceKey || !(await readOne(store, onceKey))) throw error
        })
        // Two submissions at once conflict here, so that the second one counts the first.
        step.replace(limitKey, { last: job.id })
      }
      await writeTexts(step, ...texts)
      const others = (adding.get(line) ?? 0) - pending
      const charged = await chargeAdd(step, run, others)
      pending = charged.cost
      adding.set(line, others + pending)
      setRun(step, undefined, { ...run, ...charged, number: await number, once: onceKey, webhook })
      step.tell({ run: job.id })
      return { id: job.id, number: await number }
    }

    let isUnsure = false
    try {
      for (const deadline = performance.now() + UNSURE_MS; ; await sleep(250)) {
        try {
          return await transact(store, addOnce, { isGrowth: true })
        } catch (cause) {
          // To try again is safe: `addOnce` finds the run that an earlier try added.
          if (!isUnsure && !(cause instanceof Unsure)) throw cause
          isUnsure = true
          const details = { runId: job.id, cause }
          if (performance.now() > deadline)
            throw new EngineError(502, 'The queue went away while the run was added', details)
        }
      }
    } finally {
      const left = (adding.get(line) ?? 0) - pending
      if (left > 0) adding.set(line, left)
      else adding.delete(line)
    }
  }
}
