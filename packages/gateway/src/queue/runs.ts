// The states of a run, and the marks that follow from its record.
import type { EndedRun, SubmittedRun } from '../records/recordStore.ts'
import { type Found, parse, type Step } from './store.ts'
import type { Head } from './turns.ts'

/** A run in a queue. Its engine may keep more fields, which the queue does not read. */
export interface QueuedRun extends SubmittedRun {
  readonly workflowId: string
  /** The id of its plan, which other runs share. */
  readonly plan: string
  /** The id of its needs, which a server must meet. */
  readonly needs: string
}

/** The record of a run, until it has ended. */
export interface LiveRecord<Job extends QueuedRun = QueuedRun> {
  readonly job: Job
  readonly number: number
  readonly owner?: string | undefined
  readonly priority?: number | undefined
  /** The name of its `once` record. */
  readonly once?: string | undefined
  /** Its turn among the runs of its owner: an amount of GPU time, in ms. */
  readonly tag: number
  /** How much GPU time it was expected to take. */
  readonly cost: number
  readonly server?: string | undefined
  readonly sentAt?: number | undefined
  /** The time of its last mark, also after the run was given back: each mark is later than the one before. */
  readonly lastSentAt?: number | undefined
  /** A run that its server was seen to have before the mark. As long as it has that run, it has not restarted. */
  readonly after?: string | undefined
  /** The session of its server that sends it. */
  readonly session?: string | undefined
  readonly isCancelled?: boolean | undefined
  /** The address that the caller gave for the webhook. It may hold a token, and no answer shows it. */
  readonly webhook?: string | undefined
}

/** A webhook of a run that has ended, and its state. */
export interface Hook {
  /** Default: the operator's, whose address no record has */
  readonly url?: string | undefined
  /** How many attempts were begun, since the last resend. */
  readonly attempts: number
  /** When the next attempt is due. While one is on its way: when it counts as lost. Default: there is none */
  readonly next?: number | undefined
  readonly isDelivered?: boolean | undefined
  /** The status of the last answer. */
  readonly lastStatus?: number | undefined
}

/** The record of a run that has ended. */
export interface EndRecord<Ended extends EndedRun = EndedRun> {
  readonly end: Ended
  readonly number: number
  /** When the end was written. The record is removed some days after that. */
  readonly endedAt: number
  readonly owner?: string | undefined
  readonly once?: string | undefined
  /** The caller's webhook, and the operator's. */
  readonly hooks?: readonly Hook[] | undefined
}

/** A run that has not ended, without the fields that only the queue needs. */
export type Entry<Job extends QueuedRun = QueuedRun> = Omit<
  LiveRecord<Job>,
  'once' | 'lastSentAt' | 'session' | 'webhook'
>

export const isEntry = <Job extends QueuedRun>(found: Entry<Job> | EndedRun): found is Entry<Job> =>
  'job' in found

export type RunRecord<Job extends QueuedRun = QueuedRun, Ended extends EndedRun = EndedRun> =
  | LiveRecord<Job>
  | EndRecord<Ended>

export const isLive = <Job extends QueuedRun>(
  record: RunRecord<Job> | undefined,
): record is LiveRecord<Job> => record !== undefined && 'job' in record

/** Gives `undefined` for a damaged record, so that a list goes on without it. */
export function readableRun(found: Found | undefined): RunRecord | undefined {
  try {
    return parse(found)
  } catch {
    return undefined
  }
}

const runOf = (record: RunRecord): SubmittedRun => (isLive(record) ? record.job : record.end.run)

/** A name in a mark: printable, without `/` and `:`. */
export const encode = (name: string): string => encodeURIComponent(name).replaceAll("'", '%27')

/** A whole number as a text that sorts like it. */
export const digits = (value: number, count = 15): string =>
  String(Math.max(0, Math.round(value))).padStart(count, '0')

/** The class of a run: its priority and its owner. */
export const classOf = ({ priority = 0, owner = '' }: Pick<LiveRecord, 'priority' | 'owner'>): string =>
  `${9 - priority}:${encode(owner)}`

/** The caller of a run, who takes turns with other callers: its owner, and its group up to the first `/`. */
export const callerOf = ({ owner, job }: Pick<LiveRecord, 'job' | 'owner'>): string =>
  `${encode(owner ?? '')}:${encode((job.groupId ?? '').split('/', 1)[0]!)}`

/** The runs of a caller that have one priority. */
export const lineOf = (record: Pick<LiveRecord, 'job' | 'owner' | 'priority'>): string =>
  `${9 - (record.priority ?? 0)}:${callerOf(record)}`

/** The order of runs that wait in one class. */
export const orderOf = ({ tag, number }: Pick<LiveRecord, 'tag' | 'number'>): string =>
  `${digits(tag)}.${digits(number, 12)}`

/** The marks of a run that waits. */
export function waitingMarks(run: Omit<Head, 'cost' | 'owner'> & Pick<LiveRecord, 'owner'>): string[] {
  const { id, caller, needs, workflowId, priority, number } = run
  const [order, one] = [orderOf(run), classOf(run)]
  return [
    `w/${one}:${encode(needs)}:${encode(workflowId)}/${order}/${caller}/${id}`,
    `t/${one}/${order}/${id}`,
    `c/${9 - priority}:${caller}/${digits(number, 12)}/${id}`,
  ]
}

/** No such time yet: it sorts after all times. */
export const NEVER = '~'
const timeOf = (time: number | null | undefined): string => (time == null ? NEVER : digits(time))

/** A list of runs: of everybody, of an owner, or of one of the owner's groups. */
export function scopeOf(owner: string | undefined, groupId: string | null): string {
  if (groupId !== null) return `${encode(owner ?? '')}:g${encode(groupId)}`
  return owner === undefined ? '*' : `${encode(owner)}:*`
}

/**
 * The marks of a run, all of which follow from its record.
 *
 * - `w/CLASS:NEEDS:WORKFLOW/ORDER/CALLER/ID`, `t/CLASS/ORDER/ID`, `c/LINE/NUMBER/ID`: it waits
 * - `h/NUMBER/ID`: a server has it; `s/ID`: it was sent; `x/ID`: it was cancelled and not sent
 * - `a/CREATED/ID`: it has not ended; `n/OWNER/ID`: nor, of this owner; `o/ENDED/ID`: it has ended
 * - `i/TIME OF WHAT/SCOPE/TIME/ID`: it is in a list
 * - `d/TIME/ID`: a webhook is due
 */
export function marksOf(record: RunRecord): string[] {
  const { number, owner } = record
  const { id, groupId, createdAt } = runOf(record)
  const marks: string[] = []
  if (isLive(record)) {
    const { job, server, sentAt, isCancelled } = record
    if (server === undefined)
      marks.push(
        ...waitingMarks({ ...job, ...record, priority: record.priority ?? 0, caller: callerOf(record) }),
      )
    else marks.push(`h/${digits(number, 12)}/${id}`)
    if (sentAt !== undefined) marks.push(`s/${id}`)
    else if (isCancelled) marks.push(`x/${id}`)
    marks.push(`a/${digits(createdAt)}/${id}`)
    if (owner !== undefined) marks.push(`n/${encode(owner)}/${id}`)
  } else {
    marks.push(`o/${digits(record.endedAt)}/${id}`)
    const times = (record.hooks ?? []).flatMap(({ next }) => next ?? [])
    if (times.length > 0) marks.push(`d/${digits(Math.min(...times))}/${id}`)
  }
  const [started, ended] = isLive(record)
    ? [record.sentAt, null]
    : [record.end.startedAt, record.end.completedAt]
  const scopes = new Set([scopeOf(undefined, null), scopeOf(owner, groupId)])
  if (owner !== undefined) scopes.add(scopeOf(owner, null))
  for (const scope of scopes) {
    marks.push(`i/created/${scope}/${timeOf(createdAt)}/${id}`)
    marks.push(`i/started/${scope}/${timeOf(started)}/${id}`, `i/ended/${scope}/${timeOf(ended)}/${id}`)
  }
  return marks
}

/** The part of a mark after the last `/`. */
export const idIn = (mark: string): string => mark.slice(mark.lastIndexOf('/') + 1)

/** All marks that begin with this. */
export const below = (prefix: string): { from: string; to: string } => ({ from: prefix, to: `${prefix}~~` })

export const runKey = (id: string): string => `run/${id}`
export const DAY_MS = 86_400_000

/** Writes the record of a run, with its marks. */
export function setRun(step: Step, before: RunRecord | undefined, after: RunRecord | undefined): void {
  const { id } = runOf((after ?? before)!)
  if (before) step.unmark(...marksOf(before))
  if (after) step.mark(...marksOf(after))
  step.replace(runKey(id), after)
}
