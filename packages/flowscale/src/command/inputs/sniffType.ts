/** How files begin, as Latin-1, and their types. */
const beginnings: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8/, 'image/gif'],
  [/^RIFF.{4}WEBP/s, 'image/webp'],
  [/^RIFF.{4}WAVE/s, 'audio/wav'],
  [/^.{4}ftypM4A/s, 'audio/mp4'],
  [/^.{4}ftypavif/s, 'image/avif'],
  [/^.{4}ftypqt/s, 'video/quicktime'],
  [/^.{4}ftyp/s, 'video/mp4'],
  [/^\x1a\x45\xdf\xa3/, 'video/webm'],
  [/^(?:ID3|\xff[\xfb\xf3\xf2])/, 'audio/mpeg'],
  [/^fLaC/, 'audio/flac'],
  [/^OggS/, 'audio/ogg'],
]

/** The type of a file that came without a name, by how it begins; `''` where that is not known. */
export function sniffType(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 16))
  return beginnings.find(([pattern]) => pattern.test(start))?.[1] ?? ''
}
