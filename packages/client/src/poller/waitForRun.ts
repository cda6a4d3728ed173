import type { HttpError, RunError } from '../errors.ts'
import { requestRun } from '../internal/readRun.ts'
import { reveal } from '../internal/secrets.ts'
import { isDone } from '../run.ts'
import type { Client, Run, RunProgress, RunUpdate } from '../types.ts'
import type { WaitOptions } from './options.ts'

/** The steps of a round. Each step ends at the deadline of the wait, and on abort. */
export interface Steps {
  /**
   * Sends a request. Gives `undefined` after a temporary failure. `refused` handles a permanent error of the server.
   */
  request<T>(
    send: (client: Client, options: { signal: AbortSignal }) => Promise<T | Error>,
    refused: (error: HttpError | RunError) => T | undefined | Promise<T | undefined>,
  ): Promise<T | undefined>
  /** Awaits a callback of the caller. */
  call(callback: () => unknown): Promise<void>
}

/** Reads the states of a run, and calls the caller's callbacks. */
export interface RunReader {
  readonly runId: string
  /** The last state. A terminal one is never undone. */
  readonly last: Run | undefined
  /** Whether the caller needs each state, or only the end. */
  readonly isEager: boolean
  read(steps: Steps): Promise<Run | undefined>
  /** Accepts a state from elsewhere. */
  update(steps: Steps, run: Run): Promise<void>
  /** Accepts progress, which never goes back. */
  show(update: RunUpdate): Promise<void>
}

/** How long a server may answer 404 for a run that we submitted, in ms. */
const unknownMs = 5000

interface ReaderOptions extends Pick<WaitOptions, 'onUpdate' | 'onProgress'> {
  /** When we submitted the run, by `Date.now()`. */
  submittedAt?: number | undefined
  /** The last state that an earlier wait saw. */
  last?: Run | undefined
  isEager?: boolean
}

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
  }) => {
    const most = isDone(status) ? 1 : Math.max(shown?.progress ?? -1, progress ?? -1)
    const next: RunProgress = {
      status,
      ...(most >= 0 && { progress: most }),
      ...(position !== undefined && { position }),
      ...(typeof node === 'string' && { node }),
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
