import type { Client } from '@flowscale/client'
import { createPlanner, sizeValues, toInput } from './inputs.ts'
import { readSettings } from './readSettings.ts'
import { metadataOf, responseOf, runAll } from './runAll.ts'
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
  settings?: object,
): ImageModel<S> {
  const config = readSettings(workflow, settings, { options, timeoutMs: 300_000 })
  const { workflowId: modelId, map } = config
  const planCall = createPlanner(client, config)
  // Not frozen: AI SDK 7 wraps a model in a proxy that has another `specificationVersion`.
  return {
    specificationVersion,
    provider: 'flowscale.image',
    modelId,
    // No limit, so that the AI SDK doesn't split a call: each part would begin with the same seed.
    maxImagesPerCall: Number.MAX_SAFE_INTEGER,
    // AI SDK 7 reads these two fields before it gives a model images or a mask.
    ...(map && { supportsFileInputs: !!map.image, supportsMaskInputs: !!map.mask }),
    async doGenerate(call) {
      const { prompt, size, aspectRatio, files: images, mask } = call
      const plan = await planCall(call, (map) => ({
        prompt,
        ...sizeValues('size', size, map),
        aspectRatio,
        image: images?.map(toInput),
        mask: mask && toInput(mask),
      }))
      const { files, warnings } = await runAll(client, config, { kind: 'image', call, plan })
      return {
        images: files.map(({ bytes }) => bytes),
        warnings,
        providerMetadata: { flowscale: { images: metadataOf(files) } },
        response: responseOf(modelId),
      }
    },
  }
}
