import {
  ArgumentError,
  type Client,
  cancelRun,
  HttpError,
  type Inputs,
  RunError,
  TimeoutError,
} from '@flowscale/client'
import {
  executeWorkflowAsync,
  type RunProgress,
  type RunResult,
  type Submission,
  waitForResult,
} from '@flowscale/client/poller'
import { callbackError, type Failure, failureText, toCallError, toSdkError } from './errors.ts'
import { headersOf, type Plan } from './inputs.ts'
import type { ModelConfig } from './readSettings.ts'
import { combine, type Outcome, othersOf, readFiles, responseOf, videosOf } from './runAll.ts'
import type { GoingRun, ModelCall, VideoCall, VideoOperation, VideoOperations, Warning } from './types.ts'

/** The start and status calls for videos. A status call may come from another process than its start. */
export function createOperations(
  client: Client,
  config: ModelConfig,
  planCall: (call: VideoCall) => Promise<Plan>,
): VideoOperations {
  const { workflowId: modelId, wait } = config
  const aborts = followAborts(client, config)
  return {
    async doStart(call) {
      const plan = await planCall(call)
      const { runs, warnings } = await startRuns(client, config, { call, plan, aborts })
      const unsupported: Warning[] = call.webhookUrl
        ? [
            {
              type: 'unsupported',
              feature: 'webhookUrl',
              details: 'Use withWebhook of @flowscale/client/webhook',
            },
          ]
        : []
      return {
        operation: { workflowId: modelId, runs, startedAt: Date.now() },
        warnings: [...plan.warnings, ...unsupported, ...warnings],
        providerMetadata: { flowscale: { runs } },
        response: responseOf(modelId),
      }
    },

    async doStatus({ operation, abortSignal: signal, headers: given }) {
      const { runs, startedAt } = readOperation(operation)
      const options = { headers: headersOf(given), signal, startedAt }
      const statuses = await Promise.all(runs.map(({ runId }) => readStatus(client, runId, options)))
      signal?.throwIfAborted()
      const going = statuses.flatMap((status) => ('going' in status ? [status.going] : []))
      if (going.length) {
        const providerMetadata = { flowscale: { runs: going } }
        return { status: 'pending', providerMetadata, response: responseOf(modelId) }
      }
      for (const { runId } of runs) aborts.unfollow(runId)
      const reading = { kind: 'video', signal, timeoutMs: wait.timeoutMs } as const
      const outcomes = await Promise.all(
        statuses.map((status, index): Outcome | Promise<Outcome> =>
          'result' in status
            ? readFiles(client, status.result, { ...reading, seed: runs[index]!.seed ?? null })
            : { files: [], failures: [status as Failure] },
        ),
      )
      const { files, warnings, failures } = combine(outcomes, signal)
      if (files.length) return { status: 'completed', ...videosOf(modelId, files), warnings }
      // A failed run stays failed. After any other failure, the next status call may find the videos.
      const open = failures.filter(({ error }) => !(error instanceof RunError))
      if (open.length) throw toCallError(client, modelId, open, { submits: false })
      const { message } = failures[0]!.error as RunError
      return { status: 'error', error: message, response: responseOf(modelId) }
    },
  }
}

interface Aborts {
  /** Cancels the run as soon as the signal of its call aborts. */
  follow(runId: string, call: ModelCall): void
  unfollow(runId: string): void
}

/** How long a cancel may take, in ms. */
const cancelMs = 5000

/** An abort cancels the runs of its call, also after the start has returned. */
function followAborts(client: Client, { wait: { cancelOn } }: ModelConfig): Aborts {
  const stops = new Map<string, () => void>()
  return {
    follow(runId, { abortSignal, headers }) {
      if (!abortSignal || !['abort', 'both'].includes(cancelOn!)) return
      // A signal of our own, so that the caller's doesn't collect a listener for each run.
      const signal = AbortSignal.any([abortSignal])
      const cancel = (): void => {
        stops.delete(runId)
        cancelRun(client, runId, { headers: headersOf(headers), timeoutMs: cancelMs }).catch(() => {})
      }
      signal.addEventListener('abort', cancel, { once: true })
      stops.set(runId, () => signal.removeEventListener('abort', cancel))
      if (signal.aborted) cancel()
    },
    unfollow(runId) {
      stops.get(runId)?.()
      stops.delete(runId)
    },
  }
}

/** Submits the runs of a plan. A failure after the first run is a warning, so that the ids of paid runs aren't lost. */
async function startRuns(
  client: Client,
  config: ModelConfig,
  { call, plan: { inputsList, seeds }, aborts }: { call: ModelCall; plan: Plan; aborts: Aborts },
): Promise<{ runs: VideoOperation['runs']; warnings: Warning[] }> {
  const runs: VideoOperation['runs'] = []
  for (const [index, inputs] of inputsList.entries()) {
    const submission = await submitRun(client, config, { call, inputs, index })
    if ('error' in submission) {
      if (!runs.length) throw toCallError(client, config.workflowId, [submission], { submits: true })
      const message = `Only ${runs.length} of ${inputsList.length} runs were started: ${failureText(submission)}`
      return { runs, warnings: [{ type: 'other', message }] }
    }
    aborts.follow(submission.runId, call)
    runs.push({ ...submission, seed: seeds[index] ?? null })
  }
  return { runs, warnings: [] }
}

/** A marker that is thrown to end a wait as soon as its run is submitted. Status calls go on with the run. */
const submitted = {}

/** Returns the id of the run, or the reason why there is none. Throws the errors of the caller's own code. */
async function submitRun(
  client: Client,
  { workflowId, wait: { arrays, groupId, cancelOn, onSubmitted } }: ModelConfig,
  { call, inputs, index }: { call: ModelCall; inputs: Inputs; index: number },
): Promise<{ runId: string; others?: string[] } | { error: unknown }> {
  let run: Submission | undefined
  try {
    // A wait instead of a plain submission: after an abort, it still reads the id, so that the run can be cancelled.
    await executeWorkflowAsync(client, workflowId, inputs, {
      ...{ arrays, groupId, cancelOn, signal: call.abortSignal, headers: headersOf(call.headers) },
      async onSubmitted(submission) {
        run = submission
        await onSubmitted?.(index, run.runId, run.others)
        throw submitted
      },
    })
  } catch (error) {
    if (error === submitted) return { runId: run!.runId, ...othersOf(run!) }
    call.abortSignal?.throwIfAborted()
    if (run) throw callbackError(error)
    return { error }
  }
  throw new Error('The wait did not end with its submission')
}

/** Checks an operation, which the app may have saved and parsed since the start. */
function readOperation(operation: unknown): VideoOperation {
  const { workflowId, runs } = Object(operation)
  const isRun = (run: unknown): boolean => typeof Object(run).runId === 'string'
  if (typeof workflowId !== 'string' || !Array.isArray(runs) || !runs.length || !runs.every(isRun)) {
    throw toSdkError(new ArgumentError('operation must be the object of startVideo: parse a JSON text first'))
  }
  return operation as VideoOperation
}

interface StatusOptions {
  readonly headers: Record<string, string>
  readonly signal: AbortSignal | undefined
  readonly startedAt: number
}

/** How long a server may answer 404 for a started run, in ms. */
const unknownMs = 5000

/** The result of a run, its error, or its state. After a temporary failure, the run counts as going on. */
async function readStatus(
  client: Client,
  runId: string,
  { startedAt, ...options }: StatusOptions,
): Promise<{ result: RunResult } | { going: GoingRun } | Failure> {
  let going: GoingRun = { runId, status: 'unknown' }
  const onProgress = (progress: RunProgress): void => {
    going = { runId, ...progress }
  }
  try {
    const result = await waitForResult(client, runId, { ...options, onProgress, maxPolls: 1 }).catch(
      (error) => {
        // Some servers report a run as completed a moment before they list its outputs.
        if (going.progress === 1 && error.resume) return error.resume({ maxPolls: 2 })
        throw error
      },
    )
    return { result }
  } catch (error) {
    const isUnknownYet =
      error instanceof HttpError && error.status === 404 && Date.now() - startedAt < unknownMs
    const isGoing = isUnknownYet || (error instanceof TimeoutError && error.reason)
    return isGoing ? { going } : { runId, error }
  }
}
