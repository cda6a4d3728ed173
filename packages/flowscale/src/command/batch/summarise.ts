import { join } from 'node:path'
import { isFlowScaleError } from '@flowscale/client'
import { describeError } from '../describeError.ts'
import { CommandError, exitCodes, Interrupted } from '../errors.ts'
import type { Printer } from '../terminal/printer.ts'
import type { Batch } from './openBatch.ts'

interface End {
  readonly folder: string
  readonly rows: number
  /** Why it ended before all rows did. */
  readonly ended: unknown
  /** Why rows are not completed. */
  readonly reasons: readonly unknown[]
  readonly print: Printer
}

const goOn = 'Start the same command again to go on.'

/** Says what came of a batch and how to go on, and sets the exit code. */
export function summarise(batch: Batch, { folder, rows, ended, reasons, print }: End): void {
  const all = [...batch.results.values()]
  const count = (wanted: string) => all.filter(({ status }) => status === wanted).length
  const [done, failed] = [count('completed'), count('failed')]
  const unfinished = rows - done - failed
  const { batchId } = batch
  const results = join(folder, 'results.jsonl')
  const fields = { batchId, rows, done, failed, unfinished, results }
  const counts = [
    `${done} of ${rows} rows are done`,
    failed && `${failed} failed`,
    unfinished && `${unfinished} ${unfinished === 1 ? 'is' : 'are'} not finished`,
  ]
  const told = `${counts.filter(Boolean).join(', ')}: see ${results}.`

  if (ended instanceof Interrupted) {
    throw new CommandError(
      'interrupted',
      `Interrupted. ${told} Runs that were submitted go on. ${goOn}`,
      fields,
    )
  }
  if (ended instanceof CommandError && ended.failure === 'timedOut') {
    throw new CommandError(
      ended.failure,
      `Timed out. ${told} Runs that were submitted go on. ${goOn}`,
      fields,
    )
  }
  if (reasons.length && !batch.runs.size) {
    // What a program can act on: nothing was submitted, or it is not known.
    print.note(`${told} ${goOn}`)
    throw reasons.find((reason) => Object(reason).maybeSubmitted) ?? reasons[0]
  }
  if (ended) {
    const { message } = describeError(ended)
    const why = isFlowScaleError(ended)
      ? message.replace(/\.?$/, '.')
      : `${folder} can't be written: ${message}.`
    throw new CommandError('failed', `${why} Nothing more was submitted. ${told} ${goOn}`, fields)
  }
  const advice = [
    unfinished && goOn,
    failed && 'With --retry-failed the failed rows run again, and you pay for them again.',
  ]
  print.result(fields, [told, ...advice.filter(Boolean)].join(' '))
  if (failed || unfinished) process.exitCode = exitCodes.failed
}
