import type { Client } from '@flowscale/client'
import { toCallError } from '../errors.ts'
import { type Plan, planRuns } from '../inputs/planRuns.ts'
import { readInputMap } from '../inputs/readInputMap.ts'
import type { InputMap, InputNames, Values } from '../inputs.ts'
import type { Settings } from '../readSettings.ts'
import type { ModelCall, Warning } from '../types.ts'
import { gather, type MadeFile } from './gather.ts'
import { headersOf } from './headersOf.ts'
import { runAll } from './runAll.ts'

/** Makes the values for the options of a call that the workflow takes. */
export type ToValues = (names: InputNames) => Values

export interface Made {
  readonly files: MadeFile[]
  readonly warnings: Warning[]
}

export interface Runner {
  /** Plans the runs of a call. Nothing has been submitted where it fails. */
  plan(call: ModelCall, toValues: ToValues): Promise<Plan>
  /** Makes the files of a call, from its plan to the bytes. */
  run(call: ModelCall, toValues: ToValues): Promise<Made>
}

/** What models of both kinds do for a call. */
export function createRunner(
  client: Client,
  kind: 'image' | 'video',
  { workflowId, names, options, settings }: Settings,
): Runner {
  let map: InputMap | undefined = names && { names }

  async function plan(call: ModelCall, toValues: ToValues): Promise<Plan> {
    try {
      map ??= await readInputMap(client, workflowId, options, call)
      return planRuns(call, toValues(map.names), map)
    } catch (error) {
      throw toCallError(client, workflowId, [{ error }], { submits: false })
    }
  }

  return {
    plan,
    async run(call, toValues) {
      const { warnings, seeds, inputsList } = await plan(call, toValues)
      const outcomes = await runAll(client, workflowId, inputsList, {
        settings,
        headers: headersOf(call.headers),
        reading: { kind, signal: call.abortSignal, timeoutMs: settings.timeoutMs },
      })
      const made = gather(outcomes, seeds, call.abortSignal)
      if (!made.files.length) throw toCallError(client, workflowId, made.failures, { submits: true })
      return { files: made.files, warnings: [...warnings, ...made.warnings] }
    },
  }
}
