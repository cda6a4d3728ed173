import { cancelRun } from '@flowscale/client'
import { clean } from '../clean.ts'
import { describeError } from '../describeError.ts'
import { CommandError } from '../errors.ts'
import { findRunIds } from '../findRunIds.ts'
import type { Call } from '../types.ts'
import { worstOf } from '../worstOf.ts'

/** Each run is tried, whatever became of the ones before. */
export async function cancel(call: Call): Promise<void> {
  const { args, client, output, signal } = call
  const ids = await findRunIds(args, call)
  const cancelled: { runId: string; message: string }[] = []
  const errors: { runId: string; failure: ReturnType<typeof describeError> }[] = []
  for (const runId of ids) {
    try {
      const { data } = await cancelRun(client, runId, { signal })
      const done = { runId, message: typeof data === 'string' ? data : JSON.stringify(data) }
      cancelled.push(done)
      if (ids.length > 1) output.event('cancelled', done)
    } catch (error) {
      if (signal.aborted || ids.length === 1) throw error
      const failure = describeError(error)
      errors.push({ runId, failure })
      output.event('failed', { runId, error: failure.fields })
      output.note(`${runId}: ${failure.message}`)
    }
  }
  const lines = cancelled.map(({ runId, message }) => `${runId}: ${clean(message)}`)
  if (!errors.length) return output.result(ids.length > 1 ? cancelled : cancelled[0], lines.join('\n'))
  if (!output.isJson) output.result(cancelled, lines.join('\n'))
  throw new CommandError(
    worstOf(errors.map(({ failure }) => failure.failure ?? 'failed')),
    `${errors.length} of ${ids.length} runs were not cancelled.`,
    { cancelled, failed: errors.map(({ runId, failure }) => ({ runId, error: failure.fields })) },
  )
}
