/** The extensions of the usual inputs and outputs, by MIME type. */
const types: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg jpeg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/tiff': 'tif tiff',
  'image/svg+xml': 'svg',
  'video/mp4': 'mp4 m4v',
  'video/webm': 'webm',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/x-msvideo': 'avi',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
  'audio/opus': 'opus',
  'audio/mp4': 'm4a',
  'audio/aac': 'aac',
  'model/gltf-binary': 'glb',
  'application/json': 'json',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'text/plain': 'txt',
  'text/csv': 'csv',
}

/** The MIME type for the extension of `name`, or `''`. */
export function typeOf(name: string): string {
  const [, extension = '.'] = /\.(\w+)$/.exec(name.toLowerCase()) ?? []
  const [type = ''] = Object.entries(types).find(([, all]) => all.split(' ').includes(extension)) ?? []
  return type
}
