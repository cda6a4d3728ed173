import { join } from 'node:path'
import { type Execution, isFlowScaleError } from '@flowscale/client'
import { describeError } from '../describeError.ts'
import { CommandError, exitCodes, type Failure, Interrupted } from '../errors.ts'
import { type Printer, terminal } from '../terminal/printer.ts'
import { createProgress, toStatus } from '../terminal/progress.ts'
import type { BatchState, ResultLine } from './openBatch.ts'

interface Place {
  readonly folder: string
  /** The number of all rows of the batch. */
  readonly rows: number
  readonly print: Printer
}

/** Counts the rows of a batch while they run, and reports each. */
export interface Tally {
  /** Why rows are not completed. */
  readonly reasons: readonly unknown[]
  /** Counts what an earlier start left, before the first row of this one. */
  begin(pending: readonly { readonly row: number }[]): void
  submitted(row: number, runId: string, others?: readonly Execution[]): void
  /** Counts the state that the server tells of a run. */
  progressed(row: number, status: string): void
  ended(line: ResultLine, reason?: unknown): void
  /** Takes the bar away. */
  stop(): void
}

interface Counts {
  done: number
  failed: number
  /** By row, the state of each run whose result is not saved yet. */
  readonly states: Map<number, string>
}

/** Programs get an event for each row. People get a bar, and lines for the rows that the bar does not show. */
export function createTally(state: BatchState, { folder, rows, print }: Place): Tally {
  const progress = createProgress(print)
  const counts: Counts = { done: 0, failed: 0, states: new Map() }
  const reasons: unknown[] = []
  const show = () => {
    const { width, hasUnicode } = terminal(process.stderr)
    const length = Math.max(3, Math.min(widestBar, Math.floor(width / 3)))
    progress.show(...barText(counts, rows, length, hasUnicode))
  }
  const count = ({ status }: ResultLine) => {
    if (status === 'completed') counts.done++
    if (status === 'failed') counts.failed++
  }
  return {
    reasons,
    begin(pending) {
      for (const line of state.results.values()) count(line)
      print.event('batch', { batchId: state.batchId, rows, done: counts.done, failed: counts.failed })
      for (const { row } of pending) if (state.runs.get(row)?.runId) counts.states.set(row, 'queued')
      if (pending.length) show()
    },
    submitted(row, runId, others) {
      counts.states.set(row, 'queued')
      const otherIds = others?.map(({ run_id }) => run_id)
      print.event('submitted', { row, runId, ...(otherIds && { others: otherIds }) })
      show()
    },
    progressed(row, status) {
      const word = toStatus(status)
      if (counts.states.get(row) === word) return
      counts.states.set(row, word)
      show()
    },
    ended(line, reason) {
      if (reason) reasons.push(reason)
      counts.states.delete(line.row)
      count(line)
      print.event('row', line)
      if (line.status !== 'completed' || !process.stderr.isTTY) print.note(rowText(folder, line))
      show()
    },
    stop: progress.stop,
  }
}

/** In columns. The bar takes a third of the window, and at most this. */
const widestBar = 30

/** As `[███░░░] 120/300` and `2 failed, 1 running, 3 queued`. */
export function barText(
  { done, failed, states }: Counts,
  rows: number,
  length: number,
  hasUnicode: boolean,
): [bar: string, counts: string] {
  const ended = done + failed
  const full = Math.floor((ended / rows) * length)
  const [block, rest] = hasUnicode ? ['█', '░'] : ['#', '.']
  const bar = block.repeat(full) + rest.repeat(length - full)
  const counted = ['running', 'queued'].map((word) => {
    const count = [...states.values()].filter((state) => state === word).length
    return count && `${count} ${word}`
  })
  return [`[${bar}] ${ended}/${rows}`, [failed && `${failed} failed`, ...counted].filter(Boolean).join(', ')]
}

function rowText(folder: string, { row, status, outputs = [], error }: ResultLine): string {
  if (status !== 'completed') return `row ${row} ${status}: ${error?.message}`
  const paths = outputs.map(({ path }) => join(folder, path)).join(', ')
  return `row ${row} done: ${paths || 'no outputs'}`
}

/** The counts of a batch at its end, for programs. */
interface Summary {
  readonly batchId: string
  readonly rows: number
  readonly done: number
  readonly failed: number
  readonly unfinished: number
  /** The path of `results.jsonl`. */
  readonly results: string
}

/**
 * Prints how a batch ended and how to go on, and sets the exit code.
 *
 * @param ended the error that stopped the batch before all rows had ended
 * @param reasons why rows are not completed
 * @throws the summary as an error if the batch was stopped; the error of a row if no run is known
 */
export function summarise(
  state: BatchState,
  { folder, rows, print }: Place,
  ended: unknown,
  reasons: readonly unknown[],
): void {
  const statuses = [...state.results.values()].map(({ status }) => status)
  const done = statuses.filter((status) => status === 'completed').length
  const failed = statuses.filter((status) => status === 'failed').length
  const { batchId } = state
  const results = join(folder, 'results.jsonl')
  const summary = { batchId, rows, done, failed, unfinished: rows - done - failed, results }
  const failure = failureOf(ended)
  if (reasons.length && !state.runs.size && (!failure || failure === 'failed')) {
    // No run is known, so the error of a row says more to programs than counts.
    print.note(`${countsText(summary)} ${howToGoOn}`)
    throw reasons.find((reason) => Object(reason).maybeSubmitted) ?? reasons[0]
  }
  const text = summaryText(summary, folder, ended)
  if (failure) throw new CommandError(failure, text, { ...summary })
  print.result(summary, text)
  if (failed || summary.unfinished) process.exitCode = exitCodes.failed
}

function failureOf(ended: unknown): Failure | undefined {
  if (ended instanceof Interrupted) return 'interrupted'
  if (ended instanceof CommandError && ended.failure === 'timedOut') return 'timedOut'
  return ended ? 'failed' : undefined
}

const howToGoOn = 'Start the same command again to go on.'

function summaryText(summary: Summary, folder: string, ended: unknown): string {
  const counts = countsText(summary)
  const failure = failureOf(ended)
  if (failure === 'interrupted' || failure === 'timedOut') {
    const why = failure === 'interrupted' ? 'Interrupted.' : 'Timed out.'
    return `${why} ${counts} Runs that were submitted go on. ${howToGoOn}`
  }
  if (failure) {
    const { message } = describeError(ended)
    const why = isFlowScaleError(ended)
      ? message.replace(/\.?$/, '.')
      : `${folder} can't be written: ${message}.`
    return `${why} Nothing more was submitted. ${counts} ${howToGoOn}`
  }
  const advice = [
    summary.unfinished && howToGoOn,
    summary.failed && 'With --retry-failed the failed rows run again, and you pay for them again.',
  ]
  return [counts, ...advice.filter(Boolean)].join(' ')
}

function countsText({ rows, done, failed, unfinished, results }: Summary): string {
  const counts = [
    `${done} of ${rows} rows are done`,
    failed && `${failed} failed`,
    unfinished && `${unfinished} ${unfinished === 1 ? 'is' : 'are'} not finished`,
  ]
  return `${counts.filter(Boolean).join(', ')}: see ${results}.`
}
