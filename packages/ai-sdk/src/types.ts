import type {
  Experimental_VideoModelV3,
  Experimental_VideoModelV3CallOptions,
  ImageModelV3,
  JSONObject,
  JSONValue,
  SharedV3ProviderMetadata,
  SharedV3Warning,
} from '@ai-sdk/provider'
import type { ExecuteManyOptions } from '@flowscale/client/poller'
import type { TypedWorkflow } from '@flowscale/client/typed'

/** The interface of models: AI SDK 6 takes `v3`, AI SDK 7 takes both. */
export type Specification = 'v3' | 'v4'

/** Options of {@link createFlowscale}. */
export interface FlowscaleOptions<S extends Specification = Specification> {
  /** `v4` adds start and status to video models, for AI SDK 7. Default `'v3'`. */
  specification?: S | undefined
}

/** The names of a workflow's inputs: those of its type, or any. */
export type NamesOf<I> = Extract<keyof I, string>

/** Which input takes an option of `generateImage`. */
export interface ImageMap<Name extends string = string> {
  prompt?: Name | undefined
  seed?: Name | undefined
  /** Takes `size` as a text, such as `'1024x768'`. */
  size?: Name | undefined
  /** Takes the first number of `size`, in pixels. */
  width?: Name | undefined
  /** Takes the second number of `size`, in pixels. */
  height?: Name | undefined
  /** Takes a text, such as `'16:9'`. */
  aspectRatio?: Name | undefined
  /** Takes the images of the prompt: a list of inputs takes one each. */
  image?: Name | readonly Name[] | undefined
  mask?: Name | undefined
}

/** Which input takes an option of `experimental_generateVideo`. */
export interface VideoMap<Name extends string = string> {
  prompt?: Name | undefined
  seed?: Name | undefined
  /** Takes `resolution` as a text, such as `'1280x720'`. */
  resolution?: Name | undefined
  /** Takes the first number of `resolution`, in pixels. */
  width?: Name | undefined
  /** Takes the second number of `resolution`, in pixels. */
  height?: Name | undefined
  /** Takes a text, such as `'16:9'`. */
  aspectRatio?: Name | undefined
  /** In seconds. */
  duration?: Name | undefined
  fps?: Name | undefined
  generateAudio?: Name | undefined
  /** Takes the image of the prompt, or the first frame. */
  image?: Name | undefined
  lastFrame?: Name | undefined
  /** Takes the reference images and videos: a list of inputs takes one each. */
  references?: Name | readonly Name[] | undefined
}

/** Settings of every model: those of a wait, as {@link executeMany} takes them. */
export interface ModelSettings
  extends Pick<
    ExecuteManyOptions,
    | 'arrays'
    | 'concurrency'
    | 'maxRequestsPerSecond'
    | 'onProgress'
    | 'onSubmitted'
    | 'pollIntervalMs'
    | 'push'
    | 'timeoutMs'
  > {
  /** When to cancel the run on the server. Default `'abort'`. */
  cancelOn?: ExecuteManyOptions['cancelOn']
  /** Puts the runs in a group. */
  groupId?: string | undefined
}

/** Settings of {@link FlowscaleProvider.image}. */
export interface ImageSettings<Name extends string = string> extends ModelSettings {
  /** Default: each option goes to the input of its name, as the server lists the workflow. */
  map?: ImageMap<Name> | undefined
}

/** Settings of {@link FlowscaleProvider.video}. `timeoutMs` has the default 600000. */
export interface VideoSettings<Name extends string = string> extends ModelSettings {
  /** Default: each option goes to the input of its name, as the server lists the workflow. */
  map?: VideoMap<Name> | undefined
}

/** `providerOptions.flowscale` of a call. */
export interface FlowscaleProviderOptions {
  /** Further inputs by name. They win over those of the map. */
  inputs?: { readonly [name: string]: JSONValue } | undefined
}

/** An image model for `generateImage`. */
export type ImageModel<S extends Specification = 'v3'> = Omit<ImageModelV3, 'specificationVersion'> & {
  readonly specificationVersion: S
}

/** A video model for `experimental_generateVideo`. */
export type VideoModel<S extends Specification = 'v3'> = Omit<
  Experimental_VideoModelV3,
  'specificationVersion'
> & { readonly specificationVersion: S } & (S extends 'v4' ? VideoOperations : unknown)

/** The runs of a video that was started. It is JSON: keep it, and ask for its status from any process. */
export interface VideoOperation extends JSONObject {
  workflowId: string
  runs: { runId: string; seed: number | null }[]
}

interface VideoResponse {
  timestamp: Date
  modelId: string
  headers: Record<string, string> | undefined
}

type VideoResult = Awaited<ReturnType<Experimental_VideoModelV3['doGenerate']>>

/** What AI SDK 7 asks of a model whose videos are started, and waited for by status calls. */
export interface VideoOperations {
  doStart(options: Experimental_VideoModelV3CallOptions & { webhookUrl?: string }): Promise<{
    operation: VideoOperation
    warnings: SharedV3Warning[]
    providerMetadata: SharedV3ProviderMetadata
    response: VideoResponse
  }>
  doStatus(options: {
    operation: JSONValue
    abortSignal?: AbortSignal
    headers?: Record<string, string | undefined>
  }): Promise<
    | { status: 'pending'; providerMetadata: SharedV3ProviderMetadata; response: VideoResponse }
    | ({ status: 'completed' } & VideoResult)
    | { status: 'error'; error: string; response: VideoResponse }
  >
}

/** Made by {@link createFlowscale}. It can stand in a provider registry, which makes its models by the id alone. */
export interface FlowscaleProvider<S extends Specification = 'v3'> {
  readonly specificationVersion: S
  /**
   * A workflow as an image model. `workflow` is its id, or made by `defineWorkflow`: then the compiler checks the names
   * in `map`.
   *
   * @throws {@link ArgumentError}
   */
  image(workflow: string, settings?: ImageSettings): ImageModel<S>
  image<I>(workflow: TypedWorkflow<I, string>, settings?: ImageSettings<NamesOf<I>>): ImageModel<S>
  /**
   * A workflow as a video model.
   *
   * @throws {@link ArgumentError}
   */
  video(workflow: string, settings?: VideoSettings): VideoModel<S>
  video<I>(workflow: TypedWorkflow<I, string>, settings?: VideoSettings<NamesOf<I>>): VideoModel<S>
  /** For registries: as `image`, by the id alone. */
  imageModel(workflowId: string): ImageModel<S>
  /** For registries: as `video`, by the id alone. */
  videoModel(workflowId: string): VideoModel<S>
  /** Throws: there are none. */
  languageModel(modelId: string): never
  /** Throws: there are none. */
  embeddingModel(modelId: string): never
}
