import {
  type Client,
  type Execution,
  HttpError,
  type Inputs,
  isFlowScaleError,
  RunError,
} from '@flowscale/client'
import { executeMany, type ManyResult } from '@flowscale/client/poller'
import { describeError } from '../describeError.ts'
import { createSaver, isDiskFailure } from './createSaver.ts'
import type { Batch } from './openBatch.ts'
import type { ResultLine } from './types.ts'

export interface RunRows {
  readonly client: Client
  readonly workflowId: string
  readonly folder: string
  /** The number of all rows of the batch. */
  readonly rows: number
  /** The rows to be run, with their inputs. */
  readonly pending: readonly { readonly row: number; readonly inputs: Inputs }[]
  readonly batch: Batch
  readonly concurrency: number
  readonly signal: AbortSignal
  /** Called with each run, after it is noted. */
  onSubmitted(row: number, runId: string, others?: readonly Execution[]): void
  /** Called with each row that ended, after it is noted, and with the error of a row that is not completed. */
  onEnd(result: ResultLine, reason?: unknown): void
}

/** After this number of failed submissions in a row, the others are not tried. Rows with wrong inputs don't count. */
const mostInVain = 10

/**
 * Runs rows and saves their outputs. It ends early if nothing more should be paid for: the batch can't save its state, the
 * disk is full, or the server accepts no submission.
 *
 * @throws the reason of `signal`, or of the early end
 */
export async function runRows(options: RunRows): Promise<void> {
  const { client, workflowId, folder, rows, pending, batch, concurrency, onSubmitted, onEnd } = options
  const save = createSaver(client, folder, rows)
  const controller = new AbortController()
  const { signal } = controller
  const stop = () => controller.abort(options.signal.reason)
  options.signal.addEventListener('abort', stop)
  if (options.signal.aborted) stop()
  /** Ends all at once where its failure means that nothing can be noted or saved. */
  const noting = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      controller.abort(error)
      throw error
    })
  const rowOf = (index: number) => pending[index]!.row
  const attemptOf = (row: number) => batch.runs.get(row)?.attempt ?? 1
  let inVain = 0

  /** Saves the outputs of a row; nothing for one that was given up with all others. */
  const end = async (result: ManyResult): Promise<{ line: ResultLine; reason?: unknown } | undefined> => {
    const { index, runId } = result
    const row = rowOf(index)
    let reason: unknown
    try {
      if (result.status === 'fulfilled') {
        const outputs = await save(row, result.value, signal)
        return { line: { row, status: 'completed', runId, outputs } }
      }
      reason = result.reason
    } catch (error) {
      if (isDiskFailure(error)) controller.abort(error)
      reason = error
    }
    const isGivenUp = signal.aborted && !(reason instanceof RunError)
    return isGivenUp ? undefined : { line: toLine(row, runId, reason), reason }
  }

  try {
    await executeMany(
      client,
      workflowId,
      pending.map(({ inputs }) => inputs),
      {
        concurrency,
        signal,
        // The whole command has a limit.
        timeoutMs: Number.POSITIVE_INFINITY,
        // A group for each run: one that a killed process submitted is found in it.
        groupId: (index) => `${batch.batchId}-${rowOf(index)}-${attemptOf(rowOf(index))}`,
        submitted: new Map(
          pending.flatMap(({ row }, index) => {
            const runId = batch.runs.get(row)?.runId
            return runId ? [[index, runId] as const] : []
          }),
        ),
        async onSubmitted(index, runId, others) {
          inVain = 0
          const row = rowOf(index)
          await noting(batch.noteRun({ row, attempt: attemptOf(row), runId }))
          onSubmitted(row, runId, others)
        },
        async onResult(result) {
          const { line, reason } = (await end(result)) ?? {}
          if (!line) return
          await noting(batch.noteResult(line))
          onEnd(line, reason)
          if (result.status === 'rejected' && isInVain(result)) {
            inVain++
            // From here on only what was submitted is waited for.
            if (isForAll(result.reason) || inVain >= mostInVain) throw result.reason
          }
        },
      },
    )
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
  signal.throwIfAborted()
}

/** Whether it was not submitted, and for another reason than its inputs. */
function isInVain({ runId, reason }: ManyResult & { status: 'rejected' }): boolean {
  const isRefused = reason instanceof HttpError && [400, 413, 422].includes(reason.status)
  return !runId && !isRefused && isFlowScaleError(reason) && reason.code !== 'ERR_FLOWSCALE_ARGUMENT'
}

/** Whether every other row would get the same error. */
const isForAll = (error: unknown): boolean =>
  error instanceof HttpError && [401, 403, 404].includes(error.status)

function toLine(row: number, runId: string | undefined, reason: unknown): ResultLine {
  const status = reason instanceof RunError ? 'failed' : 'unfinished'
  return { row, status, runId, error: describeError(reason).fields }
}
