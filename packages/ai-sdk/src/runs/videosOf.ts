import { type MadeFile, metadataOf } from './gather.ts'

/** Videos as the AI SDK takes them. */
export function videosOf(
  modelId: string,
  files: readonly MadeFile[],
): {
  videos: { type: 'binary'; data: Uint8Array; mediaType: string }[]
  providerMetadata: { flowscale: { videos: ReturnType<typeof metadataOf> } }
  response: { timestamp: Date; modelId: string; headers: undefined }
} {
  return {
    videos: files.map(({ bytes, mediaType }) => ({ type: 'binary', data: bytes, mediaType })),
    providerMetadata: { flowscale: { videos: metadataOf(files) } },
    response: { timestamp: new Date(), modelId, headers: undefined },
  }
}
