import { cancelMs } from '../poller/run/poll.ts'
import { submit } from '../poller/run/submit.ts'
import type { Client, Inputs } from '../types.ts'
import { type RunRecord, type Snapshot, toSnapshot } from './createRecord.ts'
import { type Look, lookForRun } from './lookForRun.ts'
import type { StartOptions } from './types.ts'

/**
 * Submits a run, and looks for it where that left open whether it was submitted. Gives its record, and how it stands then. An
 * abort leaves the submission 5 s to tell the id.
 */
export async function submitRun(
  client: Client,
  record: RunRecord,
  look: Pick<Look, 'read' | 'listeners'>,
  workflowId: unknown,
  inputs: Inputs,
  options: StartOptions | undefined,
  signal: AbortSignal,
): Promise<[RunRecord, Snapshot]> {
  const { startedAt, groupId } = record
  try {
    const { run_id, output_names } = await submit(
      client,
      workflowId as string,
      inputs,
      { ...options, groupId, signal },
      { graceMs: cancelMs, toError: (error) => error },
    )
    const own = { ...record, runId: run_id, files: output_names }
    return [own, toSnapshot(own)]
  } catch (error) {
    const { name, maybeSubmitted, runId } = Object(error)
    const isUnsent = error === signal.reason
    // After the 5 s the submission was aborted, wherever it was.
    const isOpen = maybeSubmitted || (name === 'AbortError' && !isUnsent)
    const found = runId || (isOpen && (await lookForRun(client, record, { ...look, isOver: true })))
    if (!found) {
      if (isOpen) return [record, { status: 'lost', startedAt, groupId, error }]
      return [record, isUnsent ? { status: 'cancelled', startedAt } : { status: 'failed', startedAt, error }]
    }
    const own = { ...record, runId: found }
    return [own, toSnapshot(own)]
  }
}
