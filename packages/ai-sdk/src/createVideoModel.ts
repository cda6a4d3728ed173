import type { Client } from '@flowscale/client'
import { createPlanner, sizeValues, toInput, type Values } from './inputs.ts'
import { createOperations } from './operations.ts'
import { type InputMap, readSettings } from './readSettings.ts'
import { runAll, videosOf } from './runAll.ts'
import type { Specification, VideoCall, VideoMap, VideoModel } from './types.ts'

const options = [
  'prompt',
  'seed',
  'resolution',
  'width',
  'height',
  'aspectRatio',
  'duration',
  'fps',
  'generateAudio',
  'image',
  'lastFrame',
  'references',
] as const satisfies (keyof VideoMap)[]

/** A workflow as a video model. */
export function createVideoModel<S extends Specification>(
  client: Client,
  specificationVersion: S,
  workflow: unknown,
  settings?: object,
): VideoModel<S> {
  const config = readSettings(workflow, settings, { options, timeoutMs: 600_000 })
  const { workflowId: modelId } = config
  const planner = createPlanner(client, config)
  const planCall = (call: VideoCall) => planner(call, (map) => valuesOf(call, map))
  // Not frozen: AI SDK 7 wraps a model in a proxy that has another `specificationVersion`.
  return {
    specificationVersion,
    provider: 'flowscale.video',
    modelId,
    // No limit, so that the AI SDK doesn't split a call: each part would begin with the same seed.
    maxVideosPerCall: Number.MAX_SAFE_INTEGER,
    async doGenerate(call: VideoCall) {
      const plan = await planCall(call)
      const { files, warnings } = await runAll(client, config, { kind: 'video', call, plan })
      return { ...videosOf(modelId, files), warnings }
    },
    ...(specificationVersion === 'v4' && createOperations(client, config, planCall)),
  } as VideoModel<S>
}

/** The values of a call, with the names that a map has for options. */
function valuesOf(call: VideoCall, map: InputMap): Values {
  const { prompt, resolution, aspectRatio, duration, fps, generateAudio, inputReferences } = call
  const frame = (type: string) => call.frameImages?.find(({ frameType }) => frameType === type)?.image
  const first = call.image ?? frame('first_frame')
  const last = frame('last_frame')
  return {
    prompt,
    ...sizeValues('resolution', resolution, map),
    ...{ aspectRatio, duration, fps, generateAudio },
    image: first && toInput(first),
    lastFrame: last && toInput(last),
    references: inputReferences?.map(toInput),
  }
}
