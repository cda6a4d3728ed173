export { createFlowscale } from './createFlowscale.ts'
export type {
  FlowscaleOptions,
  FlowscaleProvider,
  FlowscaleProviderOptions,
  ImageMap,
  ImageModel,
  ImageSettings,
  ModelSettings,
  NamesOf,
  Specification,
  VideoMap,
  VideoModel,
  VideoOperation,
  VideoSettings,
} from './types.ts'
