import type { Client } from '@flowscale/client'
import { sizeValues } from './inputs/sizeValues.ts'
import { toInput } from './inputs/toInput.ts'
import { readSettings } from './readSettings.ts'
import { createRunner } from './runs/createRunner.ts'
import { metadataOf } from './runs/gather.ts'
import type { ImageMap, ImageModel, Specification } from './types.ts'

const options = [
  'prompt',
  'seed',
  'size',
  'width',
  'height',
  'aspectRatio',
  'image',
  'mask',
] as const satisfies (keyof ImageMap)[]

/** A workflow as an image model. */
export function createImageModel<S extends Specification>(
  client: Client,
  specificationVersion: S,
  workflow: unknown,
  given?: object,
): ImageModel<S> {
  const settings = readSettings(workflow, given, { options, timeoutMs: 300_000 })
  const { workflowId: modelId, names } = settings
  const runner = createRunner(client, 'image', settings)
  // Not frozen: AI SDK 7 shows a model by a proxy that names another specification.
  return {
    specificationVersion,
    provider: 'flowscale.image',
    modelId,
    // All runs of a call are made here: each part of a call that the AI SDK split would begin with the same seed.
    maxImagesPerCall: Number.MAX_SAFE_INTEGER,
    // What AI SDK 7 looks at before it gives a model images or a mask.
    ...(names && { supportsFileInputs: !!names.image, supportsMaskInputs: !!names.mask }),
    async doGenerate(call) {
      const { prompt, size, aspectRatio, files: images, mask } = call
      const { files, warnings } = await runner.run(call, (names) => ({
        prompt,
        ...sizeValues('size', size, names),
        aspectRatio,
        image: images?.map(toInput),
        mask: mask && toInput(mask),
      }))
      return {
        images: files.map(({ bytes }) => bytes),
        warnings,
        providerMetadata: { flowscale: { images: metadataOf(files) } },
        response: { timestamp: new Date(), modelId, headers: undefined },
      }
    },
  }
}
