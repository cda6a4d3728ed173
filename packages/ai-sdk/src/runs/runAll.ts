import type { Client, Inputs } from '@flowscale/client'
import { executeMany } from '@flowscale/client/poller'
import type { ModelSettings } from '../types.ts'
import type { Outcome } from './gather.ts'
import type { ReadOptions } from './readFiles.ts'
import { readOutcome } from './readOutcome.ts'

interface RunOptions {
  readonly settings: ModelSettings
  readonly reading: ReadOptions
  readonly headers: Readonly<Record<string, string>>
}

/** Runs a workflow on each inputs, and fetches what a run makes as soon as it has ended: its links expire. */
export async function runAll(
  client: Client,
  workflowId: string,
  inputsList: readonly Inputs[],
  { settings, reading, headers }: RunOptions,
): Promise<Outcome[]> {
  const outcomes: (Outcome | Promise<Outcome>)[] = []
  await executeMany(client, workflowId, inputsList, {
    ...settings,
    signal: reading.signal,
    headers,
    onResult(result) {
      outcomes[result.index] =
        result.status === 'fulfilled'
          ? readOutcome(client, result.value, reading)
          : { runId: result.runId, error: result.reason }
    },
  })
  return Promise.all(outcomes)
}
