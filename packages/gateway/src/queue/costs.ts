// Costs of runs, the GPU time that each caller has had, and the tags that follow from them.
import { sleep } from '../runtime.ts'
import {
  below,
  callerOf,
  encode,
  idIn,
  isLive,
  type LiveRecord,
  lineOf,
  type RunRecord,
  runKey,
  setRun,
} from './runs.ts'
import { MOST_RUNS, pages, type Step, type Store, transact } from './store.ts'
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

/** The costs of a caller's runs, and the GPU time that it has had. */
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

/** Ignores small differences, so that a run keeps the place that its caller was shown. */
const isOff = (ms: number, cost: number): boolean => Math.abs(ms - cost) > Math.max(20, cost * 0.3)

/** How many runs of a caller get new tags without a pause. */
const RETAGGED_AT_ONCE = 1_000
/** How many callers get new tags at the same time. */
const CALLERS_AT_ONCE = 8
/** How many marks are read at once to find callers. */
const FOUND = 1_000
const MOST_MEANS = 500

type Turner = Pick<LiveRecord, 'job' | 'owner' | 'priority'>

/** The keys of the records about the costs of a caller. */
export const keysOf = (caller: string): [string, string, string] => ['turns', 'means', `caller/${caller}`]

const classIn = ({ owner = '', priority = 0 }: Turner): Class => ({ owner, priority })

/** Reads the costs of a run's caller. There is no check, so that steps rarely conflict: a lost write costs one turn. */
async function readCosts(step: Step, run: Turner) {
  const keys = keysOf(callerOf(run))
  const [turns = NO_TURNS, means = {}, caller = { means: {}, had: {} }] = (await step.read<object>(
    ...keys,
  )) as [Turns?, Means?, CallerRecord?]
  const { priority } = classIn(run)
  return {
    ...{ turns, means, own: caller.means, had: caller.had[priority] ?? { finish: 0, base: 0 } },
    /** The expected cost of a run of this workflow. */
    costOf: (workflowId: string): number =>
      caller.means[workflowId]?.ms ?? means[workflowId]?.ms ?? UNKNOWN_COST_MS,
    /** All lines of the caller. */
    lines: Object.keys(caller.had).map((priority) => lineOf({ ...run, priority: Number(priority) })),
    write: ({ own = caller.means, had }: { readonly had: Had; readonly own?: Means }): void =>
      step.write(keys[2], { means: own, had: { ...caller.had, [priority]: had } } satisfies CallerRecord),
  }
}

/** Gives a new run its tag. `addedMs`: the cost of the caller's other runs that are being added */
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

/** Charges a taken run its expected cost. */
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

/** Takes back the charge of a run that waits again. */
export async function chargeBack(step: Step, record: LiveRecord): Promise<void> {
  const { turns, had, write } = await readCosts(step, record)
  step.write('turns', afterCharge(turns, classIn(record), -record.cost))
  write({ had: { ...had, base: had.base - record.cost } })
}

/** Charges the real cost of a run, and gives the lines that need new tags. `gpuMs`: its GPU time, if known */
export async function chargeEnd(
  step: Step,
  record: LiveRecord,
  gpuMs: number | undefined,
  isTypical: boolean,
): Promise<Stale> {
  const { job, cost, server, sentAt } = record
  const { turns, means, had, lines, costOf, ...costs } = await readCosts(step, record)
  const isNews = gpuMs !== undefined && isTypical
  const own = isNews ? withMean(costs.own, job.workflowId, gpuMs) : costs.own
  if (isNews) {
    // Otherwise, if runs of several new workflows end at one moment, only one workflow would be known.
    step.replace('means', withMean(means, job.workflowId, gpuMs))
  }
  // A run that was not sent costs nothing.
  const ms = gpuMs ?? (sentAt === undefined ? 0 : cost)
  const expected = own[job.workflowId]?.ms ?? costOf(job.workflowId)
  const more = (isOff(ms, expected) ? ms : expected) - cost
  const isTaken = server !== undefined
  const base = had.base + (isTaken ? more : 0)
  costs.write({ own, had: { base, finish: Math.max(0, had.finish + more) } })
  if (isTaken) step.write('turns', afterCharge(turns, classIn(record), more))
  // Until now, the runs of all callers had the cost of an unknown workflow.
  if (isNews && !means[job.workflowId]) return { lines, workflowId: job.workflowId }
  if (isOff(expected, cost)) return { lines }
  return { lines: isTaken ? [] : [lineOf(record)] }
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

/** The lines whose runs need new tags: these, and all in which this workflow waits. */
export interface Stale {
  readonly lines: readonly string[]
  readonly workflowId?: string
}

export type Retagger = ReturnType<typeof createRetagger>

/** `failed` hears of errors: the next change makes the tags. */
export function createRetagger(store: Store, failed: (error: unknown) => void) {
  const wanted = new Set<string>()
  /** Callers whose runs get new tags now. The lines of a caller share its record, so they take turns. */
  const busy = new Set<string>()
  const work = new Set<Promise<void>>()
  let isClosed = false

  function begin(task: () => Promise<void>): void {
    const done: Promise<void> = task()
      .catch(failed)
      .finally(() => work.delete(done))
    work.add(done)
  }

  function retagAll(lines: Iterable<string>): void {
    for (const line of lines) wanted.add(line)
    for (let more = Math.min(wanted.size, CALLERS_AT_ONCE - work.size); more > 0; more--) begin(retagWanted)
  }

  async function retagWanted(): Promise<void> {
    for (let line = nextLine(); line !== undefined; line = nextLine()) {
      wanted.delete(line)
      busy.add(callerIn(line))
      await retag(line).catch(failed)
      busy.delete(callerIn(line))
    }
  }

  function nextLine(): string | undefined {
    for (const line of wanted) if (!busy.has(callerIn(line))) return line
    return undefined
  }

  /** Finds the lines in which runs of a workflow wait, and makes their tags anew. */
  async function findLines(workflowId: string): Promise<void> {
    // Else the callers whose runs are at work would come later than they were told, until these runs end.
    for await (const marks of pages(store, below('h/'), FOUND))
      for (const id of marks.map(idIn))
        await transact(store, (step) => chargeAnew(step, id, workflowId), { isLazy: true })
    for (const head of await store.heads('w/')) {
      const [, group = ''] = head.split('/')
      if (group.split(':')[3] !== encode(workflowId)) continue
      for await (const marks of pages(store, below(`w/${group}/`), FOUND)) {
        if (isClosed) return
        retagAll(marks.map((mark) => `${group[0]}:${mark.split('/')[3]}`))
      }
    }
  }

  /** Makes the tags of these runs anew, as if they were submitted now. */
  async function retag(line: string): Promise<void> {
    let next: number | undefined
    let done = 0
    for await (const marks of pages(store, below(`c/${line}/`), MOST_RUNS)) {
      // Somebody wants this line again: start over.
      if (isClosed || wanted.has(line)) return
      const first = next
      next = await transact(store, (step) => retagSome(step, marks.map(idIn), first), { isLazy: true })
      done += MOST_RUNS
      if (done >= RETAGGED_AT_ONCE) await sleep(20)
    }
  }

  return {
    soon({ lines, workflowId }: Stale): void {
      retagAll(lines)
      if (workflowId !== undefined) begin(() => findLines(workflowId))
    },
    /** Resolves once no tag is out of date. */
    async settled(): Promise<void> {
      while (work.size > 0) await Promise.all(work)
    },
    close(): void {
      isClosed = true
    },
  }
}

const callerIn = (line: string): string => line.slice(line.indexOf(':') + 1)

/** Charges a run that a server has the cost of its workflow, which is known now. */
async function chargeAnew(step: Step, id: string, workflowId: string): Promise<void> {
  const [record] = await step.read<RunRecord>(runKey(id))
  if (!isLive(record) || record.server === undefined || record.job.workflowId !== workflowId) return
  const { turns, had, costOf, write } = await readCosts(step, record)
  const cost = costOf(workflowId)
  const more = cost - record.cost
  if (more === 0) return
  setRun(step, record, { ...record, cost })
  step.write('turns', afterCharge(turns, classIn(record), more))
  write({ had: { base: had.base + more, finish: Math.max(0, had.finish + more) } })
}

/** Gives these runs of a caller tags from `first` on, and returns the tag after the last one. */
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
  // The first run keeps its tag, unless it may come earlier, or its caller has had more GPU time than expected.
  let tag = first ?? Math.max(had.base, Math.min(records[0]!.tag, now))
  for (const record of records) {
    const cost = costOf(record.job.workflowId)
    if (Math.abs(record.tag - tag) >= 1 || record.cost !== cost)
      setRun(step, record, { ...record, tag, cost })
    tag += cost
  }
  if (tag !== had.finish) write({ had: { ...had, finish: tag } })
  return tag
}
