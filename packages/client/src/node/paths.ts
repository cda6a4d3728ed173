import { fileURLToPath } from 'node:url'
import { ArgumentError } from '../errors.ts'

/** The path of a string or URL object. */
export function readPath(path: string | URL): string {
  let cause: unknown
  try {
    const text = path instanceof URL ? fileURLToPath(path) : path
    if (typeof text === 'string' && text && !text.includes('\0')) return text
  } catch (error) {
    cause = error
  }
  throw new ArgumentError('path must be a non-empty string, or a URL object of a file', { cause })
}

/** Names of devices on Windows, with any extension. */
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[\d¹²³])\s*(?:\.|$)/i

/** The longest name on most file systems, in bytes. */
const mostBytes = 255

const sizeOf = (text: string): number => new TextEncoder().encode(text).length

/** `name` cut to `most` bytes. Its extension stays. */
export function cutName(name: string, most: number): string {
  const [extension = ''] = /[^.](\.[^.\s]{1,24})$/.exec(name)?.slice(1) ?? []
  // Characters are removed, so that none is cut in half.
  const stem = [...name.slice(0, name.length - extension.length)].slice(0, most)
  while (stem.length > 1 && sizeOf(stem.join('')) + sizeOf(extension) > most) stem.pop()
  return (stem.join('') + extension).replace(/[. ]+$/, '')
}

/**
 * A safe file name for an output, on every system. Whatever the server sends, it names no other folder, no device and no
 * hidden file.
 */
export function safeName(name: string): string {
  const clean = name
    .split(/[/\\]/)
    .filter((part) => !/^[.\s]*$/.test(part))
    .join('_')
    // Windows refuses some of these characters. The others harm a terminal, or make a name look like another one.
    .replace(/[<>:"|?*]|\p{Cc}|\p{Surrogate}|\p{Bidi_Control}|[\u2028\u2029]/gu, '_')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.\s]+|(?<![.\s])[.\s]+$/g, '')
  return cutName(reserved.test(clean) ? `_${clean}` : clean, mostBytes) || 'output'
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'leads through a file, which is no folder',
  ENAMETOOLONG: 'has a name that is too long',
  ELOOP: 'is a symbolic link that leads to itself',
  EACCES: 'is not permitted',
  EPERM: 'is not permitted',
  EROFS: 'is on a disk that is read-only',
  EMFILE: 'could not be opened: too many files are open',
  ENFILE: 'could not be opened: too many files are open',
  ENOSPC: 'does not fit: the disk is full',
  EDQUOT: 'does not fit: your share of the disk is full',
  EFBIG: 'is too large for this disk',
  EEXIST: 'is a file and no folder',
  EISDIR: 'is a folder',
}

/** Why the system refused a path. The text follows the path in a message. */
export function errnoText(error: unknown): string {
  const { code, message } = Object(error)
  // Deno names the missing permission.
  const [flag] = /--allow-\w+/.exec(message) ?? []
  return flag
    ? `is not permitted: run Deno with ${flag}`
    : (words[code] ?? `failed: ${code ?? message ?? error}`)
}
