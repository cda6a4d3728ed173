import { join, sep } from 'node:path'
import { type Client, cancelRun, getRun, isFlowScaleError } from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import type { ResultOutput, RunResult } from '@flowscale/client/poller'
import { describeError } from './describeError.ts'
import { CommandError, Interrupted } from './errors.ts'
import { type Call, commandName } from './program.ts'
import { clean, quote } from './terminal/printer.ts'
import { toStatus } from './terminal/progress.ts'

/** An output of a run, for programs. */
export interface DeliveredOutput {
  /** Missing in the answers about one run, and for an output that was requested by its name. */
  readonly runId?: string
  readonly filename: string
  /** Signed, and expiring. */
  readonly download_url: string | null
  /** Where it was saved. */
  readonly path?: string
  readonly bytes?: number
  /** The content of a text. */
  readonly text?: string
}

/** A completed run, for programs. */
export interface DeliveredRun {
  readonly runId: string
  readonly status: string
  readonly outputs: readonly DeliveredOutput[]
}

/** Saves the outputs of a run in the folder, if there is one. The run was paid for, so an error says how to save them. */
export async function deliver(
  { runId, status: sent, outputs }: RunResult,
  folder: string | undefined,
  { client, print, signal }: Pick<Call, 'client' | 'print' | 'signal'>,
): Promise<DeliveredRun> {
  const status = toStatus(sent)
  if (folder === undefined) {
    const links = outputs.map(({ filename, download_url, text }) => {
      return { filename, download_url, ...(text && { text }) }
    })
    return { runId, status, outputs: links }
  }
  const again = toCommand('download', [runId], folder)
  try {
    const { saved, failures } = await saveOutputs(client, outputs, folder, {
      signal,
      onSaved: (output) => print.event('saved', { runId, ...output }),
    })
    const result = { runId, status, outputs: saved }
    if (!failures.length) return result
    const message = `Run ${runId} has ended well, but ${failures.join('; ')}. To save its outputs: ${again}`
    throw new CommandError('failed', message, result)
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    const message = `Interrupted. Run ${runId} has ended well. To save its outputs: ${again}`
    throw new CommandError('interrupted', message, { runId, status })
  }
}

/**
 * Saves outputs, one after the other, in an existing folder. If several have the same name, the second is saved in the
 * subfolder `2`, and so on. A failed output does not stop the others.
 *
 * @throws the reason of the signal
 */
async function saveOutputs(
  client: Client,
  outputs: readonly ResultOutput[],
  folder: string,
  { signal, onSaved }: { signal: AbortSignal; onSaved: (saved: DeliveredOutput) => void },
): Promise<{ saved: DeliveredOutput[]; failures: string[] }> {
  const saved: DeliveredOutput[] = []
  const failures: string[] = []
  const taken = new Map<string, number>()
  for (const output of outputs) {
    const { filename, download_url } = output
    const names = possibleNames(output)
    const place = 1 + Math.max(...names.map((name) => taken.get(name) ?? 0))
    for (const name of names) taken.set(name, place)
    try {
      const target = place > 1 ? subfolder(folder, `${place}`) : folder
      const { path, bytes } = await saveOutput(client, output, target, { signal })
      const one = { filename, download_url, path, bytes }
      saved.push(one)
      onSaved(one)
    } catch (error) {
      signal.throwIfAborted()
      // The plain message: advice about the address and the key would not help here.
      failures.push(error instanceof Error ? error.message : `${error}`)
    }
  }
  return { saved, failures }
}

/**
 * The possible file names of an output, from its name and its link. Names that a file system may confuse get the same form:
 * cut, in small letters, with one character for everything that is no letter.
 */
function possibleNames({ filename, download_url }: ResultOutput): string[] {
  const linked = download_url && URL.canParse(download_url) ? new URL(download_url).pathname : ''
  let last = linked.slice(linked.lastIndexOf('/') + 1)
  try {
    last = decodeURIComponent(last)
  } catch {}
  const names = [filename, last].filter(Boolean)
  return (names.length ? names : ['']).map((name) =>
    name
      // To normalize many marks in a row takes quadratic time.
      .slice(0, 500)
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}.]+/gu, '_')
      .replace(/^[._]+|(?<![._])[._]+$/g, '')
      .slice(0, 60),
  )
}

/** The folder for the outputs of a run: of several each has its own, since runs may name their outputs alike. */
export const folderOf = (folder: string, runId: string, isOne: boolean): string =>
  isOne ? folder : subfolder(folder, runId.replace(/[^\w-]/g, '_').slice(0, 100))

/** With a separator at its end: `saveOutput` makes such a folder where it is missing. */
const subfolder = (folder: string, name: string): string => join(folder, name) + sep

/** The lines about outputs on stdout, for people: the path where an output was saved, else its name and its link. */
export function outputLines(outputs: readonly DeliveredOutput[]): string {
  return outputs
    .flatMap(({ path, filename, download_url, text }) => {
      const link = `${clean(filename)}  ${clean(download_url ?? '(no link)')}`
      return path ?? (text === undefined ? link : [link, text])
    })
    .join('\n')
}

/** The command line that waits for runs or saves their outputs, as it is typed. */
export function toCommand(
  verb: 'wait' | 'download',
  ids: readonly string[],
  folder: string | undefined,
): string {
  const where = folder ?? 'DIR'
  return [commandName, ...[verb, ...ids, '-o', where].map(quote)].join(' ')
}

/** The error for a wait on a run that ended without a result. It has the run's id, and says how to go on. */
export async function explainFailure(
  error: unknown,
  runId: string,
  { client, flags }: Pick<Call, 'client' | 'flags'>,
): Promise<unknown> {
  if (error instanceof CommandError) return error
  const folder = flags.output
  const again = `To wait for it and save its outputs: ${toCommand('wait', [runId], folder)}`
  if (error instanceof Interrupted) {
    const consequence = flags.cancelOnInterrupt
      ? await cancelRuns(client, [runId], folder)
      : `Run ${runId} goes on. ${again}`
    return new CommandError('interrupted', `Interrupted. ${consequence}`, { runId })
  }
  const { exitCode, message, fields } = describeError(error)
  if (isFlowScaleError(error) && error.name === 'TimeoutError') {
    const { timeoutMs } = error
    const late = `Run ${runId} has not ended after ${timeoutMs / 1000} s, and goes on. ${again}`
    return new CommandError('timedOut', late, { ...fields, message: late, runId, timeoutMs })
  }
  // For a program the exit codes 2 and 3 mean that nothing was submitted, and here a run was. Its id is never lost.
  if (exitCode !== 2 && exitCode !== 3 && isFlowScaleError(error) && error.runId) return error
  return new CommandError('failed', `${message}. ${again}`, { ...fields, message, runId })
}

/** The longest time that a cancel may take after Ctrl-C, in ms. */
const cancelMs = 5000

/** Cancels runs after an interruption; says of each run whether it was cancelled. */
export async function cancelRuns(
  client: Client,
  runIds: readonly string[],
  folder: string | undefined,
): Promise<string> {
  const sentences = await Promise.all(runIds.map((runId) => cancelOne(client, runId, folder)))
  return sentences.join(' ')
}

async function cancelOne(client: Client, runId: string, folder: string | undefined): Promise<string> {
  const options = { signal: AbortSignal.timeout(cancelMs), maxRetries: 1 }
  try {
    await cancelRun(client, runId, options)
    const status = toStatus((await getRun(client, runId, options)).data.status)
    if (status === 'cancelled') return `Run ${runId} was cancelled.`
    if (status === 'completed')
      return `Run ${runId} had ended before. To save its outputs: ${toCommand('download', [runId], folder)}`
    return `Run ${runId} was asked to cancel; it is ${status}.`
  } catch (error) {
    return `Run ${runId} could not be cancelled, and may go on: ${describeError(error).message}.`
  }
}
