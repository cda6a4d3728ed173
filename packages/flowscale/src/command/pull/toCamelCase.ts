import { isIdentifier, wordsOf } from './identifiers.ts'

const longest = 60

/**
 * `Text to Image` → `textToImage`, in any script. A digit at the start gets a `_` before it. Empty where there is no letter
 * and no digit. No other `_` is in it.
 */
export function toCamelCase(text: string): string {
  const words = wordsOf(text.normalize('NFC'))
  const [first = '', ...rest] = words.some(hasSmall) ? words : words.map((word) => word.toLowerCase())
  const head = hasSmall(first) ? withFirst(first, 'toLowerCase') : first.toLowerCase()
  const name = (head + rest.map((word) => withFirst(word, 'toUpperCase')).join('')).slice(0, longest)
  return name && !isIdentifier(name) ? `_${name}` : name
}

const hasSmall = (word: string): boolean => /\p{Ll}/u.test(word)

function withFirst(word: string, change: 'toLowerCase' | 'toUpperCase'): string {
  const changed = word[0]![change]()
  // A capital may have come to Unicode late.
  return (isIdentifier(`_${changed}`) ? changed : word[0]) + word.slice(1)
}
