import { type Client, cancelRun, type Inputs } from '@flowscale/client'
import { executeWorkflowAsync, type Submission } from '@flowscale/client/poller'
import { toCallError } from './errors.ts'
import type { Plan } from './inputs/planRuns.ts'
import { headersOf } from './runs/headersOf.ts'
import { othersOf } from './runs/outcome.ts'
import { ownError } from './runs/ownError.ts'
import { tellFailure } from './runs/tellFailure.ts'
import type { ModelCall, ModelSettings, VideoOperation, Warning } from './types.ts'

export interface Starter {
  /** Submits the runs of a plan. An abort cancels them, for as long as they go on. */
  start(call: ModelCall, plan: Plan): Promise<{ runs: VideoOperation['runs']; warnings: Warning[] }>
  /** An abort reaches the run no more. */
  end(runId: string): void
}

/** Ends a wait that has submitted its run: status calls go on with it. */
const submitted = {}

/** How long a cancel may take, in ms. */
const cancelMs = 5000

/** Starts runs, and holds on to the signals of those that go on. */
export function createStarter(client: Client, workflowId: string, settings: ModelSettings): Starter {
  const { arrays, groupId, cancelOn, onSubmitted } = settings
  const unfollow = new Map<string, () => void>()

  function follow(runId: string, { abortSignal, headers }: ModelCall): void {
    if (!abortSignal || !['abort', 'both'].includes(cancelOn!)) return
    // One of its own, so that the caller's is not crowded with listeners.
    const signal = AbortSignal.any([abortSignal])
    const cancel = (): void => {
      unfollow.delete(runId)
      cancelRun(client, runId, { headers: headersOf(headers), timeoutMs: cancelMs }).catch(() => {})
    }
    signal.addEventListener('abort', cancel, { once: true })
    unfollow.set(runId, () => signal.removeEventListener('abort', cancel))
    if (signal.aborted) cancel()
  }

  /** Gives the id of the run, or why there is none; throws what the caller's own code threw. */
  async function submit(
    call: ModelCall,
    inputs: Inputs,
    index: number,
  ): Promise<{ runId: string; others?: string[] } | { error: unknown }> {
    let run: Submission | undefined
    try {
      // With its grace after an abort; it never comes to a poll.
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
      if (run) throw ownError(error)
      return { error }
    }
    throw new Error('The wait did not end with its submission')
  }

  return {
    async start(call, { inputsList, seeds }) {
      const runs: VideoOperation['runs'] = []
      for (const [index, inputs] of inputsList.entries()) {
        const outcome = await submit(call, inputs, index)
        if ('error' in outcome) {
          if (!runs.length) throw toCallError(client, workflowId, [outcome], { submits: true })
          // Those that were started must not be lost.
          const message = `Only ${runs.length} of ${inputsList.length} runs were started: ${tellFailure(outcome)}`
          return { runs, warnings: [{ type: 'other', message }] }
        }
        follow(outcome.runId, call)
        runs.push({ ...outcome, seed: seeds[index] ?? null })
      }
      return { runs, warnings: [] }
    },
    end(runId) {
      unfollow.get(runId)?.()
      unfollow.delete(runId)
    },
  }
}
