import { getOutput, getRun, HttpError, type Run } from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import { waitForResult } from '@flowscale/client/poller'
import { commandName } from '../commandName.ts'
import { CommandError } from '../errors.ts'
import { isEnd } from '../isEnd.ts'
import type { Call } from '../types.ts'
import { deliver } from './deliver.ts'
import { folderOf } from './folderOf.ts'
import { goOn } from './goOn.ts'
import type { Delivered } from './types.ts'

export interface Downloaded extends Delivered {
  /** Missing if the output was requested by its name. */
  readonly runId?: string
}

/** A run that is done may list its outputs a moment later; so long is that waited for, in ms. */
const outputsMs = 30_000

/** Saves the outputs of the run of this id, else the output of this name. */
export async function downloadOne(
  word: string,
  folder: string,
  isOne: boolean,
  call: Call,
): Promise<Downloaded[]> {
  const { client, signal, output } = call
  const run = await findRun(word, call)
  if (!run) {
    output.note(`${word}: an output`)
    return [await downloadByName(word, folder, call)]
  }
  output.note(`${word}: a run, ${run.status}`)
  // What has failed is an error of the wait, too.
  if (!isEnd(run.status)) {
    const message = `Run ${word} is ${run.status}. To wait for it and save its outputs: ${goOn('wait', [word], folder)}`
    throw new CommandError('failed', message, { runId: word, status: run.status })
  }
  const result = await waitForResult(client, word, { signal, timeoutMs: outputsMs })
  const { outputs } = await deliver(result, folderOf(folder, word, isOne), call)
  return outputs.map((one) => ({ runId: word, ...one }))
}

/** `undefined`: there is none of that id. */
async function findRun(word: string, { client, signal }: Call): Promise<Run | undefined> {
  try {
    return (await getRun(client, word, { signal })).data
  } catch (error) {
    // Some servers refuse the name of an output as no id.
    if (error instanceof HttpError && [400, 404, 422].includes(error.status)) return undefined
    throw error
  }
}

async function downloadByName(filename: string, folder: string, call: Call): Promise<Delivered> {
  const { client, signal, output } = call
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
    const one = { filename, download_url, path, bytes }
    output.event('saved', one)
    return one
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 404) throw error
    throw new CommandError(
      'notFound',
      `There is no run and no output "${filename}". "${commandName} runs" lists runs.`,
    )
  }
}
