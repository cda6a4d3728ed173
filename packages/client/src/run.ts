import { ResponseError, RunError } from './errors.ts'
import { problems } from './internal/answer.ts'
import { redact } from './internal/headers.ts'
import { addressOf } from './internal/request.ts'
import { asList, asText, type Fields, isObject } from './internal/values.ts'
import type { Client, ResultOutput, Run, RunResult } from './types.ts'

// A run goes on while its status is in neither of the next two lists.
export const isDone = (status: string | undefined): boolean => ['completed', 'success'].includes(status!)
export const isFailed = (status: string | undefined): boolean =>
  ['failed', 'error', 'cancelled', 'canceled', 'timed_out'].includes(status!)
/** Whether a run has a place in the queue. */
export const isWaiting = (status: string | undefined): boolean => ['queued', 'pending'].includes(status!)
export const isGoing = (status: string | undefined): boolean =>
  ['queued', 'pending', 'running', 'in_progress'].includes(status!)

/**
 * Whether a run with this status has ended: it is completed, failed, cancelled or timed out. With any other status, also
 * one that this package does not know, the run goes on.
 *
 * @throws nothing
 *
 * @example
 * ```ts
 * const { data } = await getRun(client, '808f34d0-ef97-4b78-a00f-1268077ea6db')
 * console.log(isEnded(data.status) ? data.outputs : 'the run goes on')
 * ```
 */
export const isEnded = (status: string | undefined): boolean => isDone(status) || isFailed(status)

/** The text of a run's `error`, which servers send in any form, or `''`. */
function reasonOf(error: unknown): string {
  const said = problems(error).map(({ message }) => message)
  try {
    return said.join('; ') || (Object.keys(Object(error)).length ? JSON.stringify(error) : '')
  } catch {
    // The error is nested too deep for JSON.
    return ''
  }
}

/**
 * The progress of a run, from 0 to 1. Servers send `progress` as a fraction, as a percentage (above 1) or as
 * `{ value, max }`, or they send `value` and `max`. A 1 is ignored until the run is done, because it may mean 1 %.
 */
export function toProgress({ progress, value, max, status = 'success' }: Fields): number | undefined {
  if (isObject(progress)) return toProgress(progress)
  const told = Number.parseFloat(progress as string)
  const isPart = told < 1 || (told === 1 && isDone(status as string))
  const part = told > 1 ? told / 100 : isPart ? told : Number(value) / Number(max)
  return part >= 0 && part <= 1 ? part : undefined
}

/** The URL of a run's picture. Only a path at the server counts, so that no answer makes a page call another host. */
export const toPreview = (client: Client, { preview, status }: Fields): false | { preview: string } =>
  /^\/[^/]/.test(preview as string) &&
  !isEnded(status as string) && { preview: addressOf(client, preview as string) }

/** A run in its published form. Some servers leave out the id, so `id` takes its place. A list has no previews, and no `client`. */
export function toRun(run: unknown, id?: string, client?: Client): Run {
  const own: Fields = isObject(run) ? run : {}
  const { progress: _, position, preview: __, ...rest } = own
  const progress = toProgress(own)
  for (const name of ['workflow_id', 'group_id', 'created_at', 'started_at', 'completed_at']) {
    if (own[name] != null) rest[name] = asText(own[name])
  }
  return {
    ...rest,
    ...(own.error != null && { error: reasonOf(own.error) }),
    ...(progress !== undefined && { progress }),
    ...(typeof position === 'number' && { position }),
    ...(client && toPreview(client, own)),
    _id: asText(own._id, own.run_id, own.id, id),
    status: asText(own.status),
    inputs: asList(own.inputs).map(withTexts),
    outputs: asList(own.outputs).map(withTexts),
    ...(own.output_names !== undefined && {
      output_names: asList(own.output_names).filter((name) => typeof name === 'string'),
    }),
  }
}

/** A copy of an input or output. Fields that should be texts and are not are left out. */
function withTexts(item: unknown): Fields {
  const own = typeof item === 'string' ? { filename: item } : { ...Object(item) }
  for (const name of ['path', 'filename', 'url']) if (typeof own[name] !== 'string') delete own[name]
  return own
}

/** A run of an answer. The errors of a failed run may repeat the headers of a request, so secrets are replaced. */
export function readRun(
  data: unknown,
  headers: Readonly<Record<string, string>>,
  id?: string,
  client?: Client,
): Run {
  const run = toRun(data, id, client)
  if (!isFailed(run.status)) return run
  try {
    return redact(run, headers)
  } catch {
    // The run is nested too deep to be searched for secrets.
    return toRun({ status: run.status }, run._id)
  }
}

/** The error for a failed run, with the server's messages. */
export function runError(runId: string, run: Run): RunError {
  const errors = problems(run).map(({ message }) => message)
  const { status } = run
  const was = /^canc/.test(status) ? 'was ' : ''
  const why = errors.join('; ') || (was ? '' : 'no reason given')
  return new RunError(`Run ${runId} ${was}${status}${why && `: ${why}`}`, {
    runId,
    status,
    errors,
    run,
  })
}

/** Whether two names mean the same output. Some servers leave out the extension in some answers. */
export function isSameOutput(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return long.startsWith(short) && /^\.[^.]+$/.test(long.slice(short.length))
}

/**
 * Sorts the outputs by name, as {@link nameOutputs} describes.
 *
 * @throws {@link ResponseError} with `runId` and `result` if an output fits none of several names
 */
export function sortOutputs<O extends string>(
  outputNames: readonly O[],
  result: RunResult,
): { [K in O]: ResultOutput[] } {
  const names = [...outputNames].sort((a, b) => b.length - a.length)
  // `fromEntries` makes an own field of each name, even of `__proto__`.
  const outputs: { [K in O]: ResultOutput[] } = Object.fromEntries(
    outputNames.map((name) => [name, []]),
  ) as never
  const odd: string[] = []
  for (const output of result.outputs) {
    const { filename } = output
    const name = names.find(
      (name) => !names[1] || (filename.startsWith(name) && '_.-'.includes(filename[name.length] ?? '_')),
    )
    if (name) outputs[name].push(output)
    else odd.push(filename)
  }
  if (!odd.length) return outputs
  const { runId } = result
  throw Object.defineProperty(
    new ResponseError(
      `Output ${odd} of run ${runId} fits no name in outputNames (${outputNames}): ` +
        'declare the start of its name. error.result has all outputs',
      { runId, method: 'GET', url: '', status: 200, body: null, errors: [], requestId: null },
    ),
    'result',
    // Inspection and JSON don't show the result, because its links are signed.
    { get: () => result },
  )
}
