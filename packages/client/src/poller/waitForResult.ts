import { getOutput } from '../api/getOutput.ts'
import { type HttpError, RunError } from '../errors.ts'
import { check, checkOptions, isId } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import { asText } from '../internal/values.ts'
import { isDone, isFailed, isSameOutput, runError } from '../run.ts'
import type {
  Client,
  Envelope,
  Execution,
  Output,
  ResultOutput,
  ResumeOptions,
  Run,
  RunOutput,
  RunResult,
} from '../types.ts'
import {
  type PollOptions,
  pollRules,
  type WaitForResultOptions,
  type WaitOptions,
  waitRules,
} from './options.ts'
import { poll, type Steps } from './poll.ts'
import { createRunReader } from './waitForRun.ts'

/**
 * Waits for the outputs of a run, which may have been started in another process.
 *
 * @throws {@link RunError} if the run failed or was cancelled; {@link TimeoutError} with `runId` and `resume`;
 * {@link ArgumentError}; {@link HttpError} for other 4xx (404: the run is unknown); {@link RedirectError}
 *
 * @example
 * ```ts
 * const { outputs } = await waitForResult(client, runId, { timeoutMs: 600_000 })
 * for (const { filename, download_url } of outputs) console.log(filename, download_url)
 * ```
 */
export async function waitForResult(
  client: Client,
  runId: string,
  options: WaitForResultOptions = {},
): Promise<RunResult> {
  reveal(client)
  checkOptions(options, waitRules())
  check('runId', runId, isId)
  return pollResult(client, runId, options)
}

/** Facts about a run before its first poll. */
export interface Known {
  /** Names of outputs. */
  names?: readonly unknown[] | undefined
  /** When we submitted the run, by `Date.now()`. */
  submittedAt?: number | undefined
  /** Awaited before the first poll, within the time limit. */
  first?: () => unknown
  /** The newest state of an earlier wait. */
  last?: Run | undefined
  /** The other runs of the same submission. */
  others?: readonly Execution[] | undefined
}

/** How long a completed run may list no outputs, in ms. A little less than 100, because a pause of 100 ms must be enough. */
const listMs = 90

/** The `names` that can be part of a URL. */
export const validNames = (names: readonly unknown[] = []): string[] =>
  names.filter((name): name is string => isId(name) === true)

/** Polls a run until its outputs are there. The caller has checked the arguments. */
export async function pollResult(
  client: Client,
  runId: string,
  options: WaitOptions,
  { names: given, submittedAt, first, last, others }: Known = {},
): Promise<RunResult> {
  const reader = createRunReader(runId, { ...options, submittedAt, last })
  const names = [...new Set(validNames(given))]
  const found = new Map<string, ResultOutput>()
  /** When a round first found a completed run without outputs. */
  let emptyAt: number | undefined

  const addNames = (given: readonly unknown[] | undefined) => {
    const more = validNames(given)
    for (const name of more) if (!holdsName(names, name, more)) names.push(name)
  }

  const findOutput = async (steps: Steps, name: string): Promise<ResultOutput | undefined> => {
    const output = await readOutput(steps, name, async (error) => {
      if (error instanceof RunError) {
        await reader.update(steps, { _id: runId, status: error.status, inputs: [], outputs: [] })
      }
      // The next round reads the run again, which shows whether it goes on.
      if (error.status === 404 || error.status === 408) return undefined
      throw error
    })
    return output ? { ...output.data, filename: asText(output.data.filename) || name } : undefined
  }

  /** The outputs of a completed run, if all are there. */
  const collect = async (steps: Steps, { outputs }: Run): Promise<ResultOutput[] | undefined> => {
    const listed = validNames(outputs.map(({ filename }) => filename))
    addNames(listed)
    const missing = names.filter((name) => !holdsName(listed, name, names))
    const ready: ResultOutput[] = []
    let wanted = 0
    for (const { filename, url, text } of [
      ...outputs,
      ...missing.map((filename): RunOutput => ({ filename })),
    ]) {
      const [name = ''] = validNames([filename])
      if (!name && !url) continue
      wanted++
      const output = url
        ? { filename: name, download_url: url, generation_status: 'success', ...(text && { text }) }
        : (found.get(name) ?? (await findOutput(steps, name)))
      if (!output) continue
      found.set(name, output)
      ready.push(output)
    }
    if (wanted) return ready.length === wanted ? ready : undefined
    // Some servers list the outputs a moment after the run is completed.
    emptyAt ??= Date.now()
    return Date.now() - emptyAt > listMs ? [] : undefined
  }

  const resume = async (more: ResumeOptions) => {
    const all = { ...options, ...more }
    checkOptions(all, waitRules())
    return pollResult(client, runId, all, { names, submittedAt, last: reader.last, others })
  }
  return poll(client, options, { what: 'Workflow execution', reader, first, resume }, async (steps) => {
    const run = await reader.read(steps)
    if (!run) return undefined
    addNames(run.output_names)
    if (isFailed(run.status)) throw runError(runId, run)
    const outputs = isDone(run.status) ? await collect(steps, run) : undefined
    if (!outputs) return undefined
    const [{ filename: _, ...only } = {} as ResultOutput] = outputs
    return {
      status: 'success',
      data: outputs.length === 1 ? only : outputs,
      runId,
      outputs,
      ...(others && { others }),
    }
  })
}

/**
 * Whether `list` has `name`, with or without its extension. The names in `beside` come from the same list as `name`, so they
 * belong to other outputs even if they differ by an extension only.
 */
const holdsName = (list: readonly string[], name: string, beside: readonly string[]): boolean =>
  list.includes(name) || list.some((other) => !beside.includes(other) && isSameOutput(other, name))

/** Reads an output in a round. `null` means that it is not ready yet. */
const readOutput = (
  { request }: Steps,
  filename: string,
  refused: (error: HttpError | RunError) => undefined | Promise<undefined>,
): Promise<Envelope<Output> | null | undefined> =>
  request(
    (client, { signal }) =>
      reveal(client).batch?.getOutput(filename, signal) ?? getOutput(client, filename, { signal }),
    refused,
  )

/**
 * Waits for one output by its name, and returns the result of {@link getOutput}. Servers answer 404 while the run
 * goes on, so a 404 means "not yet". With a wrong name the wait lasts until its deadline.
 *
 * @throws {@link RunError} if the output failed, or the run timed out on the server; {@link TimeoutError}
 * with `resume`; {@link ArgumentError}; {@link HttpError} for other 4xx; {@link RedirectError}
 *
 * @example
 * ```ts
 * const { data } = await waitForOutput(client, 'filename_prefix_58358_5WWF7GQUYF', { timeoutMs: 60_000 })
 * console.log(data.download_url)
 * ```
 */
export async function waitForOutput(
  client: Client,
  filename: string,
  options: PollOptions = {},
): Promise<Envelope<Output>> {
  reveal(client)
  checkOptions(options, pollRules)
  check('filename', filename, isId)
  const resume = (more: object) => waitForOutput(client, filename, { ...options, ...more })
  return poll(client, options, { what: `Waiting for output ${filename}`, resume }, async (steps) => {
    const output = await readOutput(steps, filename, (error) => {
      if (error.status === 404) return undefined
      if (error.status !== 408) throw error
      throw new RunError(`The run of output ${filename} timed out on the server`, {
        status: 'timed_out',
        errors: error.errors,
        cause: error,
      })
    })
    return output ?? undefined
  })
}
