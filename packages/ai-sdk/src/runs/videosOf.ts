import type { VideoResult } from '../types.ts'
import { type MadeFile, metadataOf } from './gather.ts'

/** Videos as the AI SDK takes them. */
export function videosOf(modelId: string, files: readonly MadeFile[]): Omit<VideoResult, 'warnings'> {
  return {
    videos: files.map(({ bytes, mediaType }) => ({ type: 'binary', data: bytes, mediaType })),
    providerMetadata: { flowscale: { videos: metadataOf(files) } },
    response: { timestamp: new Date(), modelId, headers: undefined },
  }
}
