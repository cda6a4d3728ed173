// Letters, digits and marks that an identifier may hold, of the first plane: of the others Unicode still adds many, and what
// Node takes for a letter, a compiler may not. No invisible ones.
const words = /(?:(?![\p{Pc}\p{DI}])(?=\p{ID_Continue})[\0-\uffff])+/gu
const longest = 60

/**
 * `Text to Image` → `textToImage`, in any script. A digit at the start gets a `_` before it. Empty where there is no letter
 * and no digit. No other `_` is in it.
 */
export function toCamelCase(text: string): string {
  const plain = text.normalize('NFC')
  const cased = plain === plain.toUpperCase() ? plain.toLowerCase() : plain
  const [first = '', ...rest] = cased.match(words)?.filter((word) => /[\p{L}\p{N}]/u.test(word)) ?? []
  const head = first === first.toUpperCase() ? first.toLowerCase() : toFirst(first, 'toLowerCase')
  const name = (head + rest.map((word) => toFirst(word, 'toUpperCase')).join('')).slice(0, longest)
  return /^\P{ID_Start}/u.test(name) ? `_${name}` : name
}

const toFirst = (word: string, change: 'toLowerCase' | 'toUpperCase'): string =>
  word.slice(0, 1)[change]() + word.slice(1)
