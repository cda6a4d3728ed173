import { ResponseError } from '../errors.ts'
import { isFailed } from '../internal/data.ts'
import { sortOutputs } from '../internal/sortOutputs.ts'
import type { WaitOptions } from '../poller/run/options.ts'
import { followResult } from '../poller/run/waitForResult.ts'
import type { Client } from '../types.ts'
import type { RunRecord, Snapshot } from './openStorage.ts'
import { toEnd } from './toEnd.ts'

/** Waits for the end of a run, and gives that; `show` is called with the states before it. */
export async function followRun(
  client: Client,
  record: RunRecord & { readonly runId: string },
  options: WaitOptions,
  show: (next: Snapshot) => void,
): Promise<Snapshot> {
  const { runId, startedAt, names } = record
  const own = { runId, startedAt }
  const onProgress: WaitOptions['onProgress'] = ({ status, ...more }) => {
    if (/^(queued|pending)$/.test(status)) show({ ...more, ...own, status: 'queued' })
    else if (!isFailed(status)) show({ ...more, ...own, status: 'running' })
  }
  try {
    const wait = { timeoutMs: Infinity, ...options, onProgress }
    // A server may not know a run that was just submitted.
    const result = await followResult(client, runId, wait, { submittedAt: Date.now() })
    const { outputs, odd } = names
      ? sortOutputs(names, result.outputs)
      : { outputs: result.outputs as never, odd: '' }
    if (!odd[0]) return { status: 'completed', ...own, outputs }
    const error = new ResponseError(`Outputs ${odd} fit no name of ${names}`, { runId })
    return { status: 'failed', ...own, error: Object.defineProperty(error, 'result', { value: result }) }
  } catch (error) {
    return toEnd(record, error, true)
  }
}
