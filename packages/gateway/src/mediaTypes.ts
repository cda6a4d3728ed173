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
