const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'text/plain': 'txt',
  'application/json': 'json',
}

/** The extension that fits a media type, without the dot. */
export function extensionOf(type: string): string {
  const essence = type.split(';', 1)[0]!.trim().toLowerCase()
  return Object.hasOwn(EXTENSIONS, essence) ? EXTENSIONS[essence]! : 'bin'
}

const OTHERS: Readonly<Record<string, string>> = {
  glb: 'model/gltf-binary',
  html: 'text/html',
  jpg: 'image/jpeg',
  json: 'application/json',
  m4a: 'audio/mp4',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  xml: 'application/xml',
}

/** By the ending alone: what ComfyUI says of a file is not passed on. */
export function contentTypeOf(filename: string): string {
  const ending = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase()
  if (/^(avif|gif|heic|jpeg|png|webp)$/.test(ending)) return `image/${ending}`
  if (/^(mp4|webm)$/.test(ending)) return `video/${ending}`
  if (/^(flac|ogg|wav)$/.test(ending)) return `audio/${ending}`
  return OTHERS[ending] ?? 'application/octet-stream'
}
