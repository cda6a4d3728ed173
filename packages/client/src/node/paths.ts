/** With these names Windows opens devices, whatever the extension. */
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[\d¹²³])\s*(?:\.|$)/i

/** The longest name on most file systems, in bytes. */
const mostBytes = 255

const sizeOf = (text: string): number => new TextEncoder().encode(text).length

/** `name` cut to `most` bytes; its extension stays. */
export function cutName(name: string, most: number): string {
  const [extension = ''] = /[^.](\.[^.\s]{1,24})$/.exec(name)?.slice(1) ?? []
  // By characters, so that none is cut in half.
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
    // Characters that Windows refuses, that no terminal should show, or that change how a name looks.
    .replace(/[<>:"|?*]|\p{Cc}|\p{Surrogate}|\p{Bidi_Control}|[\u2028\u2029]/gu, '_')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.\s]+|[.\s]+$/g, '')
  return cutName(reserved.test(clean) ? `_${clean}` : clean, mostBytes) || 'output'
}
