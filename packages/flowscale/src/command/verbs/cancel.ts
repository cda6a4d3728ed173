import { cancelRun } from '@flowscale/client'
import { type Described, describeError, worstOf } from '../describeError.ts'
import { CommandError } from '../errors.ts'
import { findRunIds } from '../findRunIds.ts'
import type { Call } from '../program.ts'
import { clean } from '../terminal/printer.ts'

/** Cancels each run, even if an earlier one could not be cancelled. */
export async function cancel(call: Call): Promise<void> {
  const { args, client, print, signal } = call
  const ids = await findRunIds(args, call)
  const cancelled: { runId: string; message: string }[] = []
  const errors: { runId: string; described: Described }[] = []
  for (const runId of ids) {
    try {
      const { data } = await cancelRun(client, runId, { signal })
      const done = { runId, message: typeof data === 'string' ? data : JSON.stringify(data) }
      cancelled.push(done)
      if (ids.length > 1) print.event('cancelled', done)
    } catch (error) {
      if (signal.aborted || ids.length === 1) throw error
      const described = describeError(error)
      errors.push({ runId, described })
      print.event('failed', { runId, error: described.fields })
      print.note(`${runId}: ${described.message}`)
    }
  }
  const lines = cancelled.map(({ runId, message }) => `${runId}: ${clean(message)}`)
  if (!errors.length) return print.result(ids.length > 1 ? cancelled : cancelled[0], lines.join('\n'))
  if (!print.isJson) print.result(cancelled, lines.join('\n'))
  throw new CommandError(
    worstOf(errors.map(({ described }) => described.failure ?? 'failed')),
    `${errors.length} of ${ids.length} runs were not cancelled.`,
    { cancelled, failed: errors.map(({ runId, described }) => ({ runId, error: described.fields })) },
  )
}
