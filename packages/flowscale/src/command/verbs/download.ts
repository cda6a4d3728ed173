import { getOutput, getRun, HttpError, isEnded, type Run } from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import { waitForResult } from '@flowscale/client/poller'
import { describeError, errorOfMany, isMissing } from '../describeError.ts'
import { CommandError } from '../errors.ts'
import { prepareFolder } from '../files.ts'
import { findRunIds } from '../findRunIds.ts'
import { type DeliveredOutput, deliver, folderOf, outputLines, toCommand } from '../finishRun.ts'
import { type Call, commandName } from '../program.ts'
import { openOutputs } from '../terminal/open.ts'
import { createProgress, toStatus } from '../terminal/progress.ts'

/** A completed run may list its outputs a moment later: the longest time that `download` waits for them, in ms. */
const outputsMs = 30_000

/** Saves the outputs of runs, and outputs by name. An id that fails stops no other. */
export async function download(call: Call): Promise<void> {
  const { args, flags, print, signal } = call
  const folder = flags.output!
  await prepareFolder(folder)
  const words = await findRunIds(args, call)
  const isOne = words.length === 1
  const files: DeliveredOutput[] = []
  const errors: unknown[] = []
  const progress = createProgress(print)
  try {
    for (const [index, word] of words.entries()) {
      progress.show(isOne ? 'saving' : `saving ${index + 1} of ${words.length}`)
      try {
        files.push(...(await downloadOne(word, folder, isOne, call)))
      } catch (error) {
        if (signal.aborted) {
          const message = `Interrupted. To go on: ${toCommand('download', words.slice(index), folder)}`
          throw new CommandError('interrupted', message, { files })
        }
        errors.push(error)
        if (!isOne) print.note(`${word}: ${describeError(error).message}`)
      }
    }
  } finally {
    progress.stop()
  }
  if (!errors.length || !print.isJson) print.result({ files }, outputLines(files))
  if (flags.open) await openOutputs(files, print)
  if (isOne && errors.length) throw errors[0]
  if (errors.length)
    throw errorOfMany(errors, `${errors.length} of ${words.length} could not be saved.`, { files })
}

/** Saves the outputs of the run of this id, else the output of this name. */
async function downloadOne(
  word: string,
  folder: string,
  isOne: boolean,
  call: Call,
): Promise<DeliveredOutput[]> {
  const { client, signal, print } = call
  const run = await findRun(word, call)
  if (!run) {
    print.note(`${word}: an output`)
    return [await downloadByName(word, folder, call)]
  }
  const status = toStatus(run.status)
  print.note(`${word}: a run, ${status}`)
  if (!isEnded(status)) {
    const message = `Run ${word} is ${status}. To wait for it and save its outputs: ${toCommand('wait', [word], folder)}`
    throw new CommandError('failed', message, { runId: word, status })
  }
  // The wait throws the error of a failed run, too.
  const result = await waitForResult(client, word, { signal, timeoutMs: outputsMs })
  const { outputs } = await deliver(result, folderOf(folder, word, isOne), call)
  return outputs.map((output) => ({ runId: word, ...output }))
}

/** `undefined`: there is no run of that id. */
async function findRun(word: string, { client, signal }: Call): Promise<Run | undefined> {
  try {
    return (await getRun(client, word, { signal })).data
  } catch (error) {
    // Some servers refuse the name of an output as no id.
    const isRefused = error instanceof HttpError && [400, 422].includes(error.status)
    if (isRefused || isMissing(error)) return undefined
    throw error
  }
}

async function downloadByName(filename: string, folder: string, call: Call): Promise<DeliveredOutput> {
  const { client, signal, print } = call
  try {
    const found = await getOutput(client, filename, { signal })
    if (!found) {
      throw new CommandError(
        'failed',
        `Output ${filename} is not ready: its run goes on. "${commandName} runs" lists it.`,
      )
    }
    const { download_url } = found.data
    const { path, bytes } = await saveOutput(client, { filename, download_url }, folder, { signal })
    const saved = { filename, download_url, path, bytes }
    print.event('saved', saved)
    return saved
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new CommandError(
      'notFound',
      `There is no run and no output "${filename}". "${commandName} runs" lists runs.`,
    )
  }
}
