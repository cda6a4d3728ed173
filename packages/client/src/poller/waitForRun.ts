import { requestRun } from '../api/getRun.ts'
import { check, checkOptions, isId } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import { isDone, isEnded, isFailed, runError } from '../run.ts'
import type { Client, Run, RunProgress, RunUpdate } from '../types.ts'
import { type WaitOptions, type WatchOptions, waitRules } from './options.ts'
import { poll, pollRounds, type RunReader, type Steps } from './poll.ts'

/**
 * Waits until a run is completed, and returns it. The wait continues after temporary failures (network, 408, 425, 429,
 * 5xx).
 *
 * @throws {@link RunError} if the run failed or was cancelled; {@link TimeoutError} with `runId` and `resume`;
 * {@link ArgumentError}; {@link HttpError} for other 4xx; {@link RedirectError}
 *
 * @example
 * ```ts
 * const run = await waitForRun(client, runId, { onUpdate: ({ status }) => console.log(status) })
 * console.log(run.outputs)
 * ```
 */
export async function waitForRun(client: Client, runId: string, options: WaitOptions = {}): Promise<Run> {
  reveal(client)
  checkOptions(options, waitRules())
  check('runId', runId, isId)
  const reader = createRunReader(runId, options)
  const resume = (more: object) => waitForRun(client, runId, { ...options, ...more })
  return poll(client, options, { what: 'Workflow execution', reader, resume }, async (steps) => {
    const run = await reader.read(steps)
    if (run && isFailed(run.status)) throw runError(runId, run)
    return isDone(run?.status) ? run : undefined
  })
}

/**
 * Iterates over the states of a run. Each state comes once, and the iteration ends with the last. A failed run
 * also ends it, without an error.
 *
 * @throws (during the iteration) {@link TimeoutError} with `runId` and `resume`, which waits for the run;
 * {@link ArgumentError}; {@link HttpError} for 4xx; {@link RedirectError}
 *
 * @example
 * ```ts
 * for await (const run of watchRun(client, runId)) console.log(run.status)
 * ```
 */
export async function* watchRun(
  client: Client,
  runId: string,
  options: WatchOptions = {},
): AsyncGenerator<Run, void, undefined> {
  reveal(client)
  const { onUpdate: _, ...watchRules } = waitRules()
  checkOptions(options, watchRules)
  check('runId', runId, isId)
  const reader = createRunReader(runId, { ...options, isEager: true })
  const resume = (more: object) => waitForRun(client, runId, { ...options, ...more })
  const subject = { what: 'Workflow execution', reader, resume }
  let last: string | undefined
  const states = pollRounds(client, options, subject, async (steps) => {
    const run = await reader.read(steps)
    return run?.status === last ? undefined : run
  })
  for await (const run of states) {
    last = run.status
    yield run
    if (isEnded(last)) return
  }
}

/** How long a server may answer 404 for a run that we submitted, in ms. */
const unknownMs = 5000

interface ReaderOptions extends Pick<WaitOptions, 'onUpdate' | 'onProgress'> {
  /** When we submitted the run, by `Date.now()`. */
  submittedAt?: number | undefined
  /** The newest state of an earlier wait. */
  last?: Run | undefined
  isEager?: boolean
}

/** The reader of a run: it calls `onUpdate` with each new state, and `onProgress` with each change. */
export function createRunReader(
  runId: string,
  { onUpdate, onProgress, submittedAt = -Infinity, last, isEager }: ReaderOptions,
): RunReader {
  let shown: RunProgress | undefined

  const show: RunReader['show'] = async ({
    status = shown?.status ?? 'queued',
    progress,
    position,
    node,
    // A list has no previews, and the URL of the last one works for a while.
    preview = status === shown?.status ? shown?.preview : undefined,
  }) => {
    // Progress never goes back, because polls and pushes may overtake each other.
    const most = isDone(status) ? 1 : Math.max(shown?.progress ?? -1, progress ?? -1)
    const next: RunProgress = {
      status,
      ...(most >= 0 && { progress: most }),
      ...(position !== undefined && { position }),
      ...(typeof node === 'string' && { node }),
      ...(preview && { preview }),
    }
    if (JSON.stringify(next) === JSON.stringify(shown)) return
    shown = next
    await onProgress?.({ ...next })
  }

  const reader = {
    runId,
    last,
    isEager: !!(isEager || onUpdate || onProgress),
    show,
    async update(steps: Steps, run: Run) {
      const { last } = reader
      if (isDone(last?.status) && !isDone(run.status)) return
      reader.last = run
      if (onProgress) await steps.call(() => show(run as RunUpdate))
      if (run.status !== last?.status && !isDone(last?.status) && onUpdate)
        await steps.call(() => onUpdate({ ...run }))
    },
    async read(steps: Steps) {
      const answer = await steps.request(
        (client, { signal }) =>
          reveal(client).batch?.getRun(runId, signal) ?? requestRun(client, runId, { signal }),
        (error) => {
          const isUnknownYet = error.status === 404 && Date.now() - submittedAt < unknownMs
          if (isUnknownYet || error.status === 408) return undefined
          throw error
        },
      )
      if (answer) await reader.update(steps, answer.data)
      return reader.last
    },
  }
  return reader
}
