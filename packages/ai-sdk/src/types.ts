import type { Inputs } from '@flowscale/client'
import type { ExecuteManyOptions } from '@flowscale/client/poller'
import type { TypedWorkflow } from '@flowscale/client/typed'

/** The interface of models: AI SDK 6 takes `v3`, AI SDK 7 takes both. */
export type Specification = 'v3' | 'v4'

/** Options of {@link createFlowscale}. */
export interface FlowscaleOptions<S extends Specification = Specification> {
  /** `v4` adds start and status to video models, for AI SDK 7. Default `'v3'`. */
  specification?: S | undefined
}

/** The names of a workflow's inputs: the declared ones, or any. */
export type NamesOf<I> = Extract<keyof I, string>

/** The inputs for the options of `generateImage`. */
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
  /** Takes the images of the prompt: a list of inputs takes one image each. */
  image?: Name | readonly Name[] | undefined
  mask?: Name | undefined
}

/** The inputs for the options of `experimental_generateVideo`. */
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
  /** Takes the reference images and videos: a list of inputs takes one file each. */
  references?: Name | readonly Name[] | undefined
}

/**
 * Settings of every model: the options of a wait, as {@link executeMany} takes them. The start and status calls of AI SDK 7
 * have no wait. For them, only `arrays`, `cancelOn`, `groupId` and `onSubmitted` count, and `timeoutMs` limits the fetch
 * of each file.
 */
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
  /** The group of the runs. */
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
  /** Further inputs by name. They override the map. */
  inputs?: Inputs | undefined
}

/** A file of a call: bytes, base64, or an address that the server fetches. */
export type CallFile =
  | { readonly type: 'file'; readonly mediaType: string; readonly data: string | Uint8Array }
  | { readonly type: 'url'; readonly url: string }

/** The options of both kinds of calls. */
export interface ModelCall {
  readonly prompt: string | undefined
  readonly n: number
  readonly seed?: number | undefined
  readonly aspectRatio?: string | undefined
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined
  readonly abortSignal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
}

/** The options of a call by `generateImage`. */
export interface ImageCall extends ModelCall {
  readonly size?: string | undefined
  readonly files?: readonly CallFile[] | undefined
  readonly mask?: CallFile | undefined
}

/** The options of a call by `experimental_generateVideo`. */
export interface VideoCall extends ModelCall {
  readonly resolution?: string | undefined
  /** In seconds. */
  readonly duration?: number | undefined
  readonly fps?: number | undefined
  readonly generateAudio?: boolean | undefined
  readonly image?: CallFile | undefined
  readonly frameImages?: readonly { readonly image: CallFile; readonly frameType: string }[] | undefined
  readonly inputReferences?: readonly CallFile[] | undefined
}

/** A warning for the caller, of a kind that every version of the AI SDK has. */
export type Warning =
  | { type: 'unsupported'; feature: string; details: string }
  | { type: 'other'; message: string }

/** `providerMetadata.flowscale` of each image or video. */
export type FileMetadata = {
  runId: string
  /** `null`: the workflow has no input for a seed, or the seed is not a number. */
  seed: number | null
  filename: string
  /** The signed link, which expires. `null`: the server gives none. */
  url: string | null
  /** The ids of the other runs, if the server started several for one request. */
  others?: string[]
}

/** The time of an answer, and its workflow. */
export type ModelResponse = {
  timestamp: Date
  modelId: string
  headers: undefined
}

// Types of our own, because versions 3 and 4 of `@ai-sdk/provider` are incompatible under the compiler's strict options.

/** An image model for `generateImage`. */
export interface ImageModel<S extends Specification = 'v3'> {
  readonly specificationVersion: S
  readonly provider: string
  readonly modelId: string
  readonly maxImagesPerCall: number
  readonly supportsFileInputs?: boolean
  readonly supportsMaskInputs?: boolean
  doGenerate(call: ImageCall): Promise<{
    images: Uint8Array[]
    warnings: Warning[]
    providerMetadata: { flowscale: { images: FileMetadata[] } }
    response: ModelResponse
  }>
}

/** Videos as the AI SDK takes them. */
export interface VideoResult {
  videos: { type: 'binary'; data: Uint8Array; mediaType: string }[]
  warnings: Warning[]
  providerMetadata: { flowscale: { videos: FileMetadata[] } }
  response: ModelResponse
}

/** A video model for `experimental_generateVideo`; as `v4` also for `experimental_startVideo`. */
export type VideoModel<S extends Specification = 'v3'> = {
  readonly specificationVersion: S
  readonly provider: string
  readonly modelId: string
  readonly maxVideosPerCall: number
  doGenerate(call: VideoCall): Promise<VideoResult>
} & (S extends 'v4' ? VideoOperations : unknown)

/** The runs of a started video. It is JSON: save it, and request its status from any process. */
export type VideoOperation = {
  workflowId: string
  /** `others` has the ids of the other runs, if the server started several for one request. */
  runs: { runId: string; seed: number | null; others?: string[] }[]
  /** The time of the start, by `Date.now()`. */
  startedAt: number
}

/** The state of a run that goes on. */
export type GoingRun = {
  runId: string
  status: string
  /** From 0 to 1. */
  progress?: number
  /** Place in the queue. */
  position?: number
}

/** The additional functions of a video model for the start and status calls of AI SDK 7. */
export interface VideoOperations {
  doStart(call: VideoCall & { readonly webhookUrl?: string | undefined }): Promise<{
    operation: VideoOperation
    warnings: Warning[]
    providerMetadata: { flowscale: { runs: VideoOperation['runs'] } }
    response: ModelResponse
  }>
  doStatus(options: {
    readonly operation: unknown
    readonly abortSignal?: AbortSignal | undefined
    readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  }): Promise<
    | { status: 'pending'; providerMetadata: { flowscale: { runs: GoingRun[] } }; response: ModelResponse }
    | ({ status: 'completed' } & VideoResult)
    | { status: 'error'; error: string; response: ModelResponse }
  >
}

/** The provider that {@link createFlowscale} makes. A provider registry makes its models from the id alone. */
export interface FlowscaleProvider<S extends Specification = 'v3'> {
  readonly specificationVersion: S
  /**
   * A workflow as an image model. `workflow` is its id, or a workflow of `defineWorkflow`. For the latter the compiler
   * checks the names in `map`.
   *
   * @throws {@link ArgumentError}
   */
  image<I>(workflow: TypedWorkflow<I, string>, settings?: ImageSettings<NamesOf<I>>): ImageModel<S>
  // The last overload, because the compiler names that one in its errors.
  image(workflow: string, settings?: ImageSettings): ImageModel<S>
  /**
   * A workflow as a video model.
   *
   * @throws {@link ArgumentError}
   */
  video<I>(workflow: TypedWorkflow<I, string>, settings?: VideoSettings<NamesOf<I>>): VideoModel<S>
  // The last overload, because the compiler names that one in its errors.
  video(workflow: string, settings?: VideoSettings): VideoModel<S>
  /** For registries: like `image`, with the id only. */
  imageModel(workflowId: string): ImageModel<S>
  /** For registries: like `video`, with the id only. */
  videoModel(workflowId: string): VideoModel<S>
  /** Always throws: a workflow is no language model. */
  languageModel(modelId: string): never
  /** Always throws: a workflow is no embedding model. */
  embeddingModel(modelId: string): never
}
