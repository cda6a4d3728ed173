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
