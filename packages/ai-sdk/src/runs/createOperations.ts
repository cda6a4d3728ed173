import { type Client, RunError } from '@flowscale/client'
import { toCallError } from '../errors.ts'
import type { Plan } from '../inputs/planRuns.ts'
import { createStarter } from '../operations.ts'
import type { Settings } from '../readSettings.ts'
import { readFiles } from '../runAll.ts'
import type { VideoCall, VideoOperation, VideoOperations, Warning } from '../types.ts'
import { gather } from './gather.ts'
import { headersOf } from './headersOf.ts'
import type { Failure, Outcome } from './outcome.ts'
import { readOperation } from './readOperation.ts'
import { readStatus } from './readStatus.ts'
import { videosOf } from './videosOf.ts'

/** Videos that are started, and waited for by status calls, in this process or in another. */
export function createOperations(
  client: Client,
  { workflowId: modelId, settings }: Settings,
  plan: (call: VideoCall) => Promise<Plan>,
): VideoOperations {
  const starter = createStarter(client, modelId, settings)
  const response = () => ({ timestamp: new Date(), modelId, headers: undefined })
  return {
    async doStart(call) {
      const planned = await plan(call)
      const { runs, warnings } = await starter.start(call, planned)
      const unheard: Warning[] = call.webhookUrl
        ? [{ type: 'unsupported', feature: 'webhookUrl', details: 'The server calls no webhooks' }]
        : []
      const operation: VideoOperation = { workflowId: modelId, runs, startedAt: Date.now() }
      return {
        operation,
        warnings: [...planned.warnings, ...unheard, ...warnings],
        providerMetadata: { flowscale: { runs } },
        response: response(),
      }
    },

    async doStatus({ operation, abortSignal: signal, headers: given }) {
      const { runs, startedAt } = readOperation(operation)
      const options = { headers: headersOf(given), signal, startedAt }
      const statuses = await Promise.all(runs.map(({ runId }) => readStatus(client, runId, options)))
      signal?.throwIfAborted()
      const going = statuses.flatMap((status) => ('going' in status ? [status.going] : []))
      if (going.length) {
        return { status: 'pending', providerMetadata: { flowscale: { runs: going } }, response: response() }
      }
      for (const { runId } of runs) starter.end(runId)
      const reading = { kind: 'video', signal, timeoutMs: settings.timeoutMs } as const
      const outcomes = await Promise.all(
        statuses.map((status): Outcome | Promise<Outcome> =>
          'result' in status
            ? readFiles(client, status.result, reading)
            : { files: [], failures: [status as Failure] },
        ),
      )
      const seeds = runs.map(({ seed }) => seed)
      const { files, warnings, failures } = gather(outcomes, seeds, signal)
      if (files.length) return { status: 'completed', ...videosOf(modelId, files), warnings }
      // What failed here may come by another call, unlike a run that failed.
      const open = failures.filter(({ error }) => !(error instanceof RunError))
      if (open.length) throw toCallError(client, modelId, open, { submits: false })
      return { status: 'error', error: (failures[0]!.error as RunError).message, response: response() }
    },
  }
}
