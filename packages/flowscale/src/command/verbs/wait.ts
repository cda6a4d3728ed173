import { createRunWatcher, waitForResult } from '@flowscale/client/poller'
import { describeError } from '../describeError.ts'
import { CommandError } from '../errors.ts'
import { findRunIds } from '../findRunIds.ts'
import { cancelRuns } from '../run/cancelRuns.ts'
import { deliver } from '../run/deliver.ts'
import { errorOfMany } from '../run/errorOfMany.ts'
import { explainEnd } from '../run/explainEnd.ts'
import { folderOf } from '../run/folderOf.ts'
import { goOn } from '../run/goOn.ts'
import { outputLines } from '../run/outputLines.ts'
import { prepareFolder } from '../run/prepareFolder.ts'
import { readTimeoutMs } from '../run/readTimeoutMs.ts'
import { showState } from '../run/showState.ts'
import type { DeliveredRun } from '../run/types.ts'
import { createProgress } from '../terminal/progress.ts'
import type { Call } from '../types.ts'

/** Waits for runs, with shared polls. One that fails takes no other along. */
export async function wait(call: Call): Promise<void> {
  const { args, flags, output, signal } = call
  const timeoutMs = readTimeoutMs(flags)
  const folder = flags.output as string | undefined
  if (folder !== undefined) await prepareFolder(folder)
  const { client } = call
  const runIds = await findRunIds(args, call)
  const isOne = runIds.length === 1
  const waiting = isOne ? client : createRunWatcher(client).client
  const progress = createProgress()
  const left = new Set(runIds)
  const runs: DeliveredRun[] = []
  const errors: unknown[] = []
  /** Outputs of one run at a time. */
  let saving: Promise<unknown> = Promise.resolve()

  const waitForOne = async (runId: string) => {
    const onProgress = isOne || output.isJson ? showState(() => runId, progress, call) : undefined
    try {
      const result = await waitForResult(waiting, runId, { timeoutMs, signal, onProgress })
      const turn = saving.then(() => deliver(result, folder && folderOf(folder, runId, isOne), call))
      saving = turn.catch(() => {})
      const run = await turn
      left.delete(runId)
      runs.push(run)
      output.event('ended', run)
      if (!isOne) output.note(`Run ${runId}: ${run.status}`)
    } catch (error) {
      if (signal.aborted) return
      left.delete(runId)
      const explained = await explainEnd(error, runId, call)
      const { message, fields } = describeError(explained)
      errors.push(explained)
      output.event('ended', { runId, error: fields })
      if (!isOne) output.note(/^Run /.test(message) ? message : `Run ${runId}: ${message}`)
    }
    if (!isOne) progress.show(`${runIds.length - left.size} of ${runIds.length} runs have ended`)
  }
  if (!isOne) progress.show(`waiting for ${runIds.length} runs`)
  await Promise.all(runIds.map(waitForOne))
  progress.stop()

  const lines = runs.map(({ outputs }) => outputLines(outputs)).filter(Boolean)
  if (!output.isJson || (!errors.length && !left.size)) output.result({ runs }, lines.join('\n'))
  if (left.size) throw await interrupted(call, [...left], runs)
  if (isOne && errors.length) throw errors[0]
  if (errors.length)
    throw errorOfMany(errors, `${errors.length} of ${runIds.length} runs gave no result.`, { runs })
  if (lines.length && folder === undefined) output.note(`To save: ${goOn('download', runIds, folder)}`)
}

async function interrupted({ client, flags }: Call, left: string[], runs: DeliveredRun[]) {
  const folder = flags.output as string | undefined
  const again = `To go on: ${goOn('wait', left, folder)}`
  const what = flags.cancelOnInterrupt ? await cancelRuns(client, left, folder) : again
  return new CommandError('interrupted', `Interrupted. ${what}`, { runIds: left, runs })
}
