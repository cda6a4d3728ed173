import type { Client } from '@flowscale/client'
import { createRunWatcher, waitForResult } from '@flowscale/client/poller'
import { describeError, errorOfMany } from '../describeError.ts'
import { CommandError } from '../errors.ts'
import { prepareFolder } from '../files.ts'
import { findRunIds } from '../findRunIds.ts'
import {
  cancelRuns,
  type DeliveredRun,
  deliver,
  explainFailure,
  folderOf,
  outputLines,
  toCommand,
} from '../finishRun.ts'
import type { Call } from '../program.ts'
import { openOutputs } from '../terminal/open.ts'
import { createProgress, type Progress, showState } from '../terminal/progress.ts'

/** The waits for several runs. */
interface Waiting {
  readonly client: Client
  readonly progress: Progress
  readonly isOne: boolean
  /** The ids of runs that go on. */
  readonly left: Set<string>
  readonly runs: DeliveredRun[]
  readonly errors: unknown[]
  /** The outputs of one run are saved at a time. */
  saving: Promise<unknown>
}

/** Waits for runs, with shared polls. A run that fails stops no other wait. */
export async function wait(call: Call): Promise<void> {
  const { args, flags, print } = call
  const folder = flags.output
  if (folder !== undefined) await prepareFolder(folder)
  const { client } = call
  const runIds = await findRunIds(args, call)
  const isOne = runIds.length === 1
  const waiting: Waiting = {
    client: isOne ? client : createRunWatcher(client).client,
    progress: createProgress(print),
    isOne,
    left: new Set(runIds),
    runs: [],
    errors: [],
    saving: Promise.resolve(),
  }
  const { progress, left, runs, errors } = waiting
  if (!isOne) progress.show(`waiting for ${runIds.length} runs`)
  await Promise.all(
    runIds.map(async (runId) => {
      await waitForOne(runId, waiting, call)
      if (!isOne) progress.show(`${runIds.length - left.size} of ${runIds.length} runs have ended`)
    }),
  )
  progress.stop()

  const lines = runs.map(({ outputs }) => outputLines(outputs)).filter(Boolean)
  if (!print.isJson || (!errors.length && !left.size)) print.result({ runs }, lines.join('\n'))
  if (flags.open)
    await openOutputs(
      runs.flatMap(({ outputs }) => outputs),
      print,
    )
  if (left.size) throw await explainInterruption(call, [...left], runs)
  if (isOne && errors.length) throw errors[0]
  if (errors.length)
    throw errorOfMany(errors, `${errors.length} of ${runIds.length} runs gave no result.`, { runs })
  if (lines.length && folder === undefined) print.note(`To save: ${toCommand('download', runIds, folder)}`)
}

async function waitForOne(runId: string, waiting: Waiting, call: Call): Promise<void> {
  const { client, progress, isOne, left, runs, errors } = waiting
  const { flags, print, signal } = call
  try {
    const result = await waitForResult(client, runId, {
      timeoutMs: flags.timeout! * 1000,
      signal,
      onProgress: isOne || print.isJson ? showState(() => runId, progress, call) : undefined,
    })
    const folder = flags.output && folderOf(flags.output, runId, isOne)
    const turn = waiting.saving.then(() => deliver(result, folder, call))
    waiting.saving = turn.catch(() => {})
    const run = await turn
    left.delete(runId)
    runs.push(run)
    print.event('ended', run)
    if (!isOne) print.note(`Run ${runId}: ${run.status}`)
  } catch (error) {
    if (signal.aborted) return
    left.delete(runId)
    const explained = await explainFailure(error, runId, call)
    const { message, fields } = describeError(explained)
    errors.push(explained)
    print.event('ended', { runId, error: fields })
    if (!isOne) print.note(/^Run /.test(message) ? message : `Run ${runId}: ${message}`)
  }
}

async function explainInterruption(
  { client, flags }: Call,
  left: readonly string[],
  runs: readonly DeliveredRun[],
): Promise<CommandError> {
  const consequence = flags.cancelOnInterrupt
    ? await cancelRuns(client, left, flags.output)
    : `To go on: ${toCommand('wait', left, flags.output)}`
  return new CommandError('interrupted', `Interrupted. ${consequence}`, { runIds: left, runs })
}
