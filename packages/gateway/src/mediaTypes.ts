// The media types of files, by their endings.
/** By ending. Of several endings with one type, `extensionOf` gives the first one. */
const TYPES: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  gif: 'image/gif',
  heic: 'image/heic',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
  webp: 'image/webp',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  mp4: 'video/mp4',
  webm: 'video/webm',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
  glb: 'model/gltf-binary',
  gltf: 'model/gltf+json',
  obj: 'model/obj',
  ply: 'model/ply',
  stl: 'model/stl',
  html: 'text/html',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
  xml: 'application/xml',
}

/** The type of a file by its ending alone: the gateway does not pass on the type that ComfyUI gives. */
export function contentTypeOf(filename: string): string {
  const ending = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase()
  return Object.hasOwn(TYPES, ending) ? TYPES[ending]! : 'application/octet-stream'
}

/** The ending that fits a media type, without the dot. */
export function extensionOf(type: string): string {
  const essence = essenceOf(type)
  return Object.keys(TYPES).find((ending) => essenceOf(TYPES[ending]!) === essence) ?? 'bin'
}

const essenceOf = (type: string): string => type.split(';', 1)[0]!.trim().toLowerCase()

/** The endings of the files that may hold a workflow. */
export const ENDINGS: readonly string[] = [
  ...['.json', '.png', '.webp', '.mp4', '.mov', '.webm', '.mkv'],
  ...['.flac', '.opus', '.ogg', '.mp3', '.glb'],
]
