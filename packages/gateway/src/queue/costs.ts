/** What runs cost, what each caller has had, and the tags that follow from it. */
import {
  below,
  callerOf,
  idIn,
  isLive,
  type LiveRecord,
  lineOf,
  type RunRecord,
  runKey,
  setRun,
} from './runs.ts'
import { type Step, type Store, transact } from './store.ts'
import {
  afterCharge,
  afterTake,
  type Class,
  type Head,
  NO_TURNS,
  nowOf,
  type Turns,
  UNKNOWN_COST_MS,
} from './turns.ts'

/** What is known of a caller. */
export interface CallerRecord {
  readonly means: Means
  /** By priority. */
  readonly had: Readonly<Record<number, Had>>
}

/** How much GPU time a caller has had, as tags. */
interface Had {
  /** The tag of its next run, which comes after its runs that wait. */
  readonly finish: number
  /** The tag of its first run that waits, if all tags are made anew. */
  readonly base: number
}

/** How much GPU time a run of a workflow takes, in ms. */
export type Means = Readonly<Record<string, Mean>>

interface Mean {
  readonly ms: number
  /** The number of runs in the mean. */
  readonly count: number
}

/** Smaller differences change no turn, so that places come true. */
const isOff = (ms: number, cost: number): boolean => Math.abs(ms - cost) > Math.max(20, cost * 0.3)

/** So many runs of a caller get new tags in a step, and the first ones without a pause. */
const RETAGGED = 200
const RETAGGED_AT_ONCE = 1_000
const MOST_MEANS = 500

type Turner = Pick<LiveRecord, 'job' | 'owner' | 'priority'>

interface Costs {
  readonly turns: Turns
  readonly means: Means
  readonly own: Means
  readonly had: Had
  /** What a run of this workflow is expected to cost. */
  costOf(workflowId: string): number
  /** All lines of the caller. */
  readonly lines: readonly string[]
  write(more: { readonly had: Had; readonly own?: Means }): void
}

/** The records that say what the runs of a caller cost. */
export const keysOf = (caller: string): [string, string, string] => ['turns', 'means', `caller/${caller}`]

const classIn = ({ owner = '', priority = 0 }: Turner): Class => ({ owner, priority })

/** What is known of the caller of a run. Unchecked, so that steps hardly conflict: what is lost is one run's turn. */
async function readCosts(step: Step, run: Turner): Promise<Costs> {
  const keys = keysOf(callerOf(run))
  const [turns = NO_TURNS, means = {}, caller = { means: {}, had: {} }] = (await step.read<object>(
    ...keys,
  )) as [Turns?, Means?, CallerRecord?]
  const { priority } = classIn(run)
  return {
    ...{ turns, means, own: caller.means, had: caller.had[priority] ?? { finish: 0, base: 0 } },
    costOf: (workflowId) => caller.means[workflowId]?.ms ?? means[workflowId]?.ms ?? UNKNOWN_COST_MS,
    lines: Object.keys(caller.had).map((priority) => lineOf({ ...run, priority: Number(priority) })),
    write: ({ own = caller.means, had }) =>
      step.write(keys[2], { means: own, had: { ...caller.had, [priority]: had } } satisfies CallerRecord),
  }
}

/** Gives a new run its tag. `addedMs`: what the caller's other runs cost that are being added */
export async function chargeAdd(
  step: Step,
  run: Turner,
  addedMs: number,
): Promise<{ tag: number; cost: number }> {
  const { turns, had, costOf, write } = await readCosts(step, run)
  const cost = costOf(run.job.workflowId)
  const tag = Math.max(nowOf(turns, classIn(run)), had.finish) + addedMs
  write({ had: { ...had, finish: tag + cost } })
  return { tag, cost }
}

/** Expects that a run which is taken costs what such runs cost. */
export async function chargeTake(
  step: Step,
  record: LiveRecord,
  head: Head,
  fitting: readonly Head[],
): Promise<void> {
  const { turns, had, write } = await readCosts(step, record)
  step.write('turns', afterTake(turns, fitting, head, record.cost))
  write({ had: { ...had, base: Math.max(had.base, record.tag) + record.cost } })
}

/** Expects nothing of a run that waits again. */
export async function chargeBack(step: Step, record: LiveRecord): Promise<void> {
  const { turns, had, write } = await readCosts(step, record)
  step.write('turns', afterCharge(turns, classIn(record), -record.cost))
  write({ had: { ...had, base: had.base - record.cost } })
}

/** Charges what a run really cost, and gives the lines that need new tags. `gpuMs`: if it is known */
export async function chargeEnd(
  step: Step,
  record: LiveRecord,
  gpuMs: number | undefined,
  isTypical: boolean,
): Promise<readonly string[] | 'all'> {
  const { job, cost, server, sentAt } = record
  const { turns, means, had, lines, costOf, ...costs } = await readCosts(step, record)
  const isNews = gpuMs !== undefined && isTypical
  const own = isNews ? withMean(costs.own, job.workflowId, gpuMs) : costs.own
  if (isNews) step.write('means', withMean(means, job.workflowId, gpuMs))
  // What was not sent costs nothing.
  const ms = gpuMs ?? (sentAt === undefined ? 0 : cost)
  const expected = own[job.workflowId]?.ms ?? costOf(job.workflowId)
  const more = (isOff(ms, expected) ? ms : expected) - cost
  const isTaken = server !== undefined
  const base = had.base + (isTaken ? more : 0)
  costs.write({ own, had: { base, finish: Math.max(0, had.finish + more) } })
  if (isTaken) step.write('turns', afterCharge(turns, classIn(record), more))
  // All callers were expected to need as long as anything unknown does.
  if (isNews && !means[job.workflowId]) return 'all'
  if (isOff(expected, cost)) return lines
  return isTaken ? [] : [lineOf(record)]
}

/** The means with one more run. The newest runs count most. */
function withMean(means: Means, workflowId: string, ms: number): Means {
  const { [workflowId]: _, ...others } = means
  const before = Object.hasOwn(means, workflowId) ? means[workflowId]! : { ms, count: 0 }
  const count = Math.min(100, before.count + 1)
  const mean = Math.round(before.ms + (ms - before.ms) * Math.max(1 / count, 0.1))
  return {
    ...Object.fromEntries(Object.entries(others).slice(-MOST_MEANS)),
    [workflowId]: { ms: mean, count },
  }
}

/** Makes the tags of lines anew, one line after another. */
export interface Retagger {
  soon(lines: readonly string[] | 'all'): void
  /** Resolves when all tags are as they have to be. */
  settled(): Promise<void>
  close(): void
}

export function createRetagger(store: Store): Retagger {
  const wanted = new Set<string>()
  let work: Promise<void> | undefined
  let isClosed = false

  async function retagAll(): Promise<void> {
    for (const line of wanted) {
      wanted.delete(line)
      // The next change makes them anew.
      const lines = line === 'all' ? await store.heads('c/').catch(() => []) : []
      for (const mark of lines) wanted.add(mark.split('/')[1]!)
      await retag(line).catch(() => {})
    }
  }

  /** Makes the tags of these runs anew, as if they were submitted now. */
  async function retag(line: string): Promise<void> {
    let { from, to } = below(`c/${line}/`)
    let next: number | undefined
    for (let done = 0; !isClosed; done += RETAGGED) {
      if (done >= RETAGGED_AT_ONCE) await new Promise((resolve) => setTimeout(resolve, 20))
      // It begins anew.
      if (wanted.has(line)) return
      const marks = await store.range({ from, to }, { limit: RETAGGED })
      if (marks.length === 0) return
      const first = next
      next = await transact(store, (step) => retagSome(step, marks.map(idIn), first), { isLazy: true })
      from = `${marks.at(-1)}!`
      if (marks.length < RETAGGED) return
    }
  }

  return {
    soon(lines) {
      for (const line of lines === 'all' ? ['all'] : lines) wanted.add(line)
      if (wanted.size > 0) work ??= retagAll().finally(() => (work = undefined))
    },
    async settled() {
      while (work) await work
    },
    close() {
      isClosed = true
    },
  }
}

/** Gives these runs of a caller tags from `first` on, and answers with the tag after the last one. */
async function retagSome(
  step: Step,
  ids: readonly string[],
  first: number | undefined,
): Promise<number | undefined> {
  const records = (await step.read<RunRecord>(...ids.map(runKey))).filter(
    (record): record is LiveRecord => isLive(record) && record.server === undefined,
  )
  if (records.length === 0) return first
  const { turns, had, costOf, write } = await readCosts(step, records[0]!)
  const now = nowOf(turns, classIn(records[0]!))
  // The first run keeps its tag, unless it need not wait so long, or the caller has had more than was expected.
  let tag = first ?? Math.max(had.base, Math.min(records[0]!.tag, now))
  for (const record of records) {
    const cost = costOf(record.job.workflowId)
    if (Math.abs(record.tag - tag) >= 1 || record.cost !== cost)
      setRun(step, record, { ...record, tag, cost })
    tag += cost
  }
  write({ had: { ...had, finish: tag } })
  return tag
}
