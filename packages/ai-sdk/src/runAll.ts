import {
  type Client,
  downloadOutput,
  isFlowScaleError,
  NetworkError,
  ResponseError,
  TimeoutError,
} from '@flowscale/client'
import { executeMany, type ResultOutput, type RunResult } from '@flowscale/client/poller'
import { callbackError, type Failure, failureText, toCallError } from './errors.ts'
import { headersOf, type Plan } from './inputs.ts'
import type { ModelConfig } from './readSettings.ts'
import type { FileMetadata, ModelCall, ModelResponse, VideoResult, Warning } from './types.ts'

/** An image or a video, with the facts about its run. */
interface MediaFile extends FileMetadata {
  readonly mediaType: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The outcome of one run. */
export interface Outcome {
  readonly files: readonly MediaFile[]
  readonly failures: readonly Failure[]
  /** What else the run made, as sentences. */
  readonly notes?: readonly string[]
}

/** The files of a call, at least one. */
interface CallResult {
  readonly files: MediaFile[]
  readonly warnings: Warning[]
}

interface ReadOptions {
  /** The first part of the media type. */
  readonly kind: 'image' | 'video'
  readonly seed: number | null
  /** Limit for each file, in ms. */
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Executes the runs of a plan. The files of a run are fetched as soon as it ends, because their links expire. */
export async function runAll(
  client: Client,
  { workflowId, wait }: ModelConfig,
  { kind, call, plan }: { kind: 'image' | 'video'; call: ModelCall; plan: Plan },
): Promise<CallResult> {
  const { abortSignal: signal } = call
  const { timeoutMs } = wait
  const outcomes: (Outcome | Promise<Outcome>)[] = []
  await executeMany(client, workflowId, plan.inputsList, {
    ...wait,
    // A signal of our own, so that the caller's doesn't collect a listener for each run.
    signal: signal && AbortSignal.any([signal]),
    headers: headersOf(call.headers),
    onResult(result) {
      const { index } = result
      outcomes[index] =
        result.status === 'fulfilled'
          ? readFiles(client, result.value, { kind, seed: plan.seeds[index] ?? null, timeoutMs, signal })
          : { files: [], failures: [{ runId: result.runId, error: result.reason }] }
    },
  }).catch((error) => {
    throw callbackError(error)
  })
  const { files, warnings, failures } = combine(await Promise.all(outcomes), signal)
  if (!files.length) throw toCallError(client, workflowId, failures, { submits: true })
  return { files, warnings: [...plan.warnings, ...warnings] }
}

/**
 * Fetches the images or videos of a run, because the AI SDK's own download refuses local addresses. Outputs of other kinds
 * are ignored, a text with a note. After a failed file, the others are still fetched. The failure has the `runId`.
 */
export async function readFiles(client: Client, result: RunResult, options: ReadOptions): Promise<Outcome> {
  const { runId, outputs } = result
  const files: MediaFile[] = []
  const failures: Failure[] = []
  const notes: string[] = []
  for (const output of outputs) {
    if (output.text !== undefined) {
      notes.push(`Run ${runId} made a text, too, which is no ${options.kind}: ${output.filename}`)
      continue
    }
    try {
      const file = await readFile(client, result, output, options)
      if (file) files.push(file)
    } catch (error) {
      failures.push({ runId, error })
    }
  }
  if (files.length || failures.length) return { files, failures, notes }
  const names = outputs.map(({ filename }) => filename).join(', ') || 'none'
  const error = new ResponseError(`Run ${runId} made no ${options.kind}: its outputs are ${names}`, {
    ...{ runId, method: 'GET', url: '', status: 200, body: null, errors: [], requestId: null },
  })
  return { files, failures: [{ runId, error }] }
}

/** How many times a download that breaks off is tried, the first time included. */
const attempts = 2

/** Above this limit, runtimes fire a timer at once. */
const maxTimerMs = 0x7fff_ffff

async function readFile(
  client: Client,
  result: RunResult,
  output: ResultOutput,
  { kind, seed, timeoutMs, signal }: ReadOptions,
): Promise<MediaFile | undefined> {
  const { runId } = result
  const { filename, download_url: url } = output
  for (let attempt = 1; ; attempt++) {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), Math.min(timeoutMs, maxTimerMs))
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal
    try {
      const response = await downloadOutput(client, output, { signal: either })
      const mediaType = typeOf(response, output)
      if (!mediaType.startsWith(`${kind}/`)) {
        response.body.cancel().catch(() => {})
        return undefined
      }
      const bytes = new Uint8Array(await response.arrayBuffer())
      return { runId, filename, url, mediaType, bytes, ...othersOf(result), seed }
    } catch (error) {
      signal?.throwIfAborted()
      if (late.signal.aborted) {
        const details = { runId, status: 0, timeoutMs }
        throw new TimeoutError(`Output ${filename} timed out after ${timeoutMs}ms`, details)
      }
      if (isFlowScaleError(error)) throw Object.assign(error, { runId })
      if (attempt === attempts) {
        // The error gets no cause, because some runtimes put the signed link into it.
        throw new NetworkError(`Output ${filename} broke off`, { runId, status: 0 })
      }
    } finally {
      clearTimeout(timer)
    }
  }
}

const mediaTypes: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
}

/** The media type from the server. If the server has only a general one, the extension decides. */
function typeOf({ headers }: Response, { filename, download_url: url }: ResultOutput): string {
  const [type = ''] = (headers.get('content-type') ?? '').toLowerCase().split(';')
  if (/^(image|video)\//.test(type)) return type.trim()
  const [, extension = ''] = /\.(\w+)$/.exec(filename) ?? /\.(\w+)(?:\?|$)/.exec(url ?? '') ?? []
  return mediaTypes[extension.toLowerCase()] ?? type
}

/** The ids of the other runs, if the server started several for one request. */
export const othersOf = ({ others }: Pick<RunResult, 'others'>): { others?: string[] } =>
  others ? { others: others.map(({ run_id }) => run_id) } : {}

/**
 * The outcomes of all runs, combined. If there is a file, a failure is only a warning, because the file was paid for. After
 * an abort, a failure ends the call: with its own error if a run may have been started and nobody has its id, or else with the
 * reason of the abort.
 */
export function combine(
  outcomes: readonly Outcome[],
  signal: AbortSignal | undefined,
): CallResult & { failures: Failure[] } {
  const files = outcomes.flatMap((outcome) => outcome.files)
  const failures = outcomes.flatMap((outcome) => outcome.failures)
  if (failures.length && signal?.aborted) {
    const isLost = ({ error }: Failure): boolean => Object(error).maybeSubmitted === true
    if (!failures.some(isLost)) throw signal.reason
    failures.sort((a, b) => Number(isLost(b)) - Number(isLost(a)))
    return { files: [], warnings: [], failures }
  }
  const warnings = failures.map(
    (failure): Warning => ({ type: 'other', message: `A result is missing: ${failureText(failure)}` }),
  )
  const notes = outcomes.flatMap((outcome) => outcome.notes ?? [])
  return {
    files,
    warnings: [...warnings, ...notes.map((message): Warning => ({ type: 'other', message }))],
    failures,
  }
}

/** Videos in the form that the AI SDK takes. */
export const videosOf = (modelId: string, files: readonly MediaFile[]): Omit<VideoResult, 'warnings'> => ({
  videos: files.map(({ bytes, mediaType }) => ({ type: 'binary', data: bytes, mediaType })),
  providerMetadata: { flowscale: { videos: metadataOf(files) } },
  response: responseOf(modelId),
})

/** The facts about each file that the AI SDK passes on, next to its bytes. */
export const metadataOf = (files: readonly MediaFile[]): FileMetadata[] =>
  files.map(({ bytes: _, mediaType: __, ...metadata }) => metadata)

export const responseOf = (modelId: string): ModelResponse => ({
  timestamp: new Date(),
  modelId,
  headers: undefined,
})
