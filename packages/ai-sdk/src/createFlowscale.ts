import { ArgumentError, type Client } from '@flowscale/client'
import { createImageModel } from './createImageModel.ts'
import { createVideoModel } from './createVideoModel.ts'
import { refuse, toSdkError } from './errors.ts'
import type { FlowscaleOptions, FlowscaleProvider, ImageModel, Specification, VideoModel } from './types.ts'

/**
 * Makes image and video models of the AI SDK from your workflows.
 *
 * Each image or video is one run, and the seeds count up. An abort ends the call. By default it also cancels the runs of the
 * call (`cancelOn`). A run that may have been submitted is never submitted again, not even by the AI SDK: its error has
 * `isRetryable: false`.
 *
 * @throws {@link ArgumentError}
 *
 * @example
 * ```ts
 * const flowscale = createFlowscale(client)
 * const { images } = await generateImage({
 *   model: flowscale.image('bncu0a1kipv', { map: { prompt: 'text_51536', seed: 'seed' } }),
 *   prompt: 'a lighthouse at dusk',
 *   n: 3,
 * })
 * console.log(images.map(({ mediaType, uint8Array }) => `${mediaType}, ${uint8Array.length} bytes`))
 * ```
 */
export function createFlowscale<S extends Specification = 'v3'>(
  client: Client,
  options: FlowscaleOptions<S> = {},
): FlowscaleProvider<S> {
  if (typeof client?.baseUrl !== 'string') {
    throw toSdkError(
      new ArgumentError('client must be a client of createClient: createFlowscale(createClient({ … }))'),
    )
  }
  refuse('options', options, ['specification'])
  const { specification = 'v3' as S } = options
  if (!['v3', 'v4'].includes(specification)) {
    throw toSdkError(new ArgumentError('specification must be v3 or v4'))
  }
  const image = (workflow: unknown, settings?: object): ImageModel<S> =>
    createImageModel(client, specification, workflow, settings)
  const video = (workflow: unknown, settings?: object): VideoModel<S> =>
    createVideoModel(client, specification, workflow, settings)
  const none =
    (modelType: string) =>
    (modelId: string): never => {
      const error = new ArgumentError(`flowscale has no ${modelType} "${modelId}": use image or video`)
      throw toSdkError(error, 'AI_NoSuchModelError', { modelId, modelType })
    }
  return {
    specificationVersion: specification,
    image,
    video,
    imageModel: (workflowId: string) => image(workflowId),
    videoModel: (workflowId: string) => video(workflowId),
    languageModel: none('languageModel'),
    embeddingModel: none('embeddingModel'),
  }
}
