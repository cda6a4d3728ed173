import type { HttpError, ResponseError } from '../errors.ts'
import { isFailed } from '../internal/data.ts'
import { sortOutputs } from '../internal/sortOutputs.ts'
import { sleep } from '../internal/timers.ts'
import type { WaitOptions } from '../poller/run/options.ts'
import { waitForResult } from '../poller/run/waitForResult.ts'
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
  for (let rounds = 5; ; rounds--) {
    try {
      if (rounds < 5) await sleep(1000, options.signal)
      const result = await waitForResult(client, runId, { timeoutMs: Infinity, ...options, onProgress })
      const outputs = names ? sortOutputs(names, result) : (result.outputs as never)
      return { status: 'completed', ...own, outputs }
    } catch (error) {
      // A server may not know a run that was just submitted. One whose outputs fit no name has ended.
      const { status, result } = error as HttpError & ResponseError
      if (status !== 404 || !rounds) return toEnd(record, error, !result)
    }
  }
}
