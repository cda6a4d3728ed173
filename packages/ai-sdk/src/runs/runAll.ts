import type { Client, Inputs } from '@flowscale/client'
import { executeMany } from '@flowscale/client/poller'
import { type ReadOptions, readFiles } from '../runAll.ts'
import type { ModelSettings } from '../types.ts'
import type { Outcome } from './outcome.ts'
import { ownError } from './ownError.ts'

interface RunOptions {
  readonly settings: ModelSettings
  readonly reading: ReadOptions
  readonly headers: Readonly<Record<string, string>>
}

/** Runs a workflow for all inputs, and fetches the files of a run as soon as it has ended, because the links expire. */
export async function runAll(
  client: Client,
  workflowId: string,
  inputsList: readonly Inputs[],
  { settings, reading, headers }: RunOptions,
): Promise<Outcome[]> {
  const outcomes: (Outcome | Promise<Outcome>)[] = []
  await executeMany(client, workflowId, inputsList, {
    ...settings,
    // Of its own, so that the caller's is not crowded with listeners.
    signal: reading.signal && AbortSignal.any([reading.signal]),
    headers,
    onResult(result) {
      outcomes[result.index] =
        result.status === 'fulfilled'
          ? readFiles(client, result.value, reading)
          : { files: [], failures: [{ runId: result.runId, error: result.reason }] }
    },
  }).catch((error) => {
    throw ownError(error)
  })
  return Promise.all(outcomes)
}
