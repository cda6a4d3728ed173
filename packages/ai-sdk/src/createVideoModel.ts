import type { Client } from '@flowscale/client'
import { sizeValues } from './inputs/sizeValues.ts'
import { toInput } from './inputs/toInput.ts'
import type { InputNames, Values } from './inputs.ts'
import { readSettings } from './readSettings.ts'
import { createOperations } from './runs/createOperations.ts'
import { createRunner } from './runs/createRunner.ts'
import { videosOf } from './runs/videosOf.ts'
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
  given?: object,
): VideoModel<S> {
  const settings = readSettings(workflow, given, { options, timeoutMs: 600_000 })
  const { workflowId: modelId } = settings
  const runner = createRunner(client, 'video', settings)
  const plan = (call: VideoCall) => runner.plan(call, (names) => valuesOf(call, names))
  // Not frozen: AI SDK 7 shows a model by a proxy that names another specification.
  return {
    specificationVersion,
    provider: 'flowscale.video',
    modelId,
    // As of images: all runs of a call are made here.
    maxVideosPerCall: Number.MAX_SAFE_INTEGER,
    async doGenerate(call: VideoCall) {
      const { files, warnings } = await runner.run(call, (names) => valuesOf(call, names))
      return { ...videosOf(modelId, files), warnings }
    },
    ...(specificationVersion === 'v4' && createOperations(client, settings, plan)),
  } as VideoModel<S>
}

/** The options of a call by their names in a map. */
function valuesOf(call: VideoCall, names: InputNames): Values {
  const { prompt, resolution, aspectRatio, duration, fps, generateAudio, inputReferences } = call
  const frame = (wanted: string) => call.frameImages?.find(({ frameType }) => frameType === wanted)?.image
  const first = call.image ?? frame('first_frame')
  const last = frame('last_frame')
  return {
    prompt,
    ...sizeValues('resolution', resolution, names),
    ...{ aspectRatio, duration, fps, generateAudio },
    image: first && toInput(first),
    lastFrame: last && toInput(last),
    references: inputReferences?.map(toInput),
  }
}
