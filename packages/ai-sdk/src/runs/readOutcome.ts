import type { Client } from '@flowscale/client'
import type { RunResult } from '@flowscale/client/poller'
import type { Outcome } from './gather.ts'
import { type ReadOptions, readFiles } from './readFiles.ts'

/** The files of a run, or why they can't be had. */
export async function readOutcome(client: Client, result: RunResult, options: ReadOptions): Promise<Outcome> {
  const { runId } = result
  try {
    return { runId, files: await readFiles(client, result, options) }
  } catch (error) {
    return { runId, error }
  }
}
