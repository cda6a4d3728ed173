import type { RunResult } from '@flowscale/client/poller'
import { CommandError } from '../errors.ts'
import { saveOutputs } from '../finishRun.ts'
import { Interrupted } from '../Interrupted.ts'
import type { Call } from '../types.ts'
import { goOn } from './goOn.ts'
import type { DeliveredRun } from './types.ts'

/** Saves the outputs of a run in the folder, if there is one. The run was paid for, so an error says how to save them. */
export async function deliver(
  { runId, status, outputs }: RunResult,
  folder: string | undefined,
  { client, output, signal }: Pick<Call, 'client' | 'output' | 'signal'>,
): Promise<DeliveredRun> {
  if (folder === undefined) {
    const links = outputs.map(({ filename, download_url }) => ({ filename, download_url }))
    return { runId, status, outputs: links }
  }
  const again = goOn('download', [runId], folder)
  try {
    const { saved, failures } = await saveOutputs(client, outputs, folder, {
      signal,
      onSaved: (one) => output.event('saved', { runId, ...one }),
    })
    const result = { runId, status, outputs: saved }
    if (!failures.length) return result
    const message = `Run ${runId} has ended well, but ${failures.join('; ')}. To save its outputs: ${again}`
    throw new CommandError('failed', message, result)
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    const message = `Interrupted. Run ${runId} has ended well. To save its outputs: ${again}`
    throw new CommandError('interrupted', message, { runId, status })
  }
}
