/** Names that no constant of a module may have, and the name that the file imports. */
const reserved = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export exports
  extends false finally for function globalThis if implements import in instanceof interface let module new null package
  private protected public require return static super switch this throw true try typeof undefined var void while with
  yield defineWorkflow`.split(/\s+/),
)

/**
 * The name of each constant by the id of its workflow. It is made of the workflow's name, or of the id if the name has
 * no letter. If several workflows would get the same name, all of them get their id behind it. So the name does not depend
 * on the order of the workflows. It changes only when a second workflow gets the same name.
 */
export function nameConstants(
  workflows: readonly { readonly id: string; readonly name: string }[],
): Map<string, string> {
  const groups = new Map<string, string[]>()
  for (const { id, name } of workflows) {
    const base = toCamelCase(name) || toCamelCase(id) || 'workflow'
    groups.set(base, [...(groups.get(base) ?? []), id])
  }
  return new Map([...groups].flatMap(([base, ids]) => withIds(base, ids)))
}

function withIds(base: string, ids: readonly string[]): [id: string, constant: string][] {
  if (ids.length === 1) return [[ids[0]!, reserved.has(base) ? `${base}_` : base]]
  const plain = ids.map((id) => id.replace(/\W/g, '_'))
  // Ids as `a-b` and `a.b` are told apart by their characters.
  const endings =
    new Set(plain).size === ids.length ? plain : ids.map((id) => id.replace(/\W/g, (char) => `$${hex(char)}`))
  return ids.map((id, index) => [id, `${base}_${endings[index]}`])
}

const hex = (char: string): string => char.charCodeAt(0).toString(16).padStart(4, '0')

/** The longest name of a constant, in characters. */
const longestName = 60

/**
 * `Text to Image` → `textToImage`, in any script. A digit at the start gets a `_` before it. Empty if there is no letter
 * and no digit. No other `_` is in it.
 */
function toCamelCase(text: string): string {
  const words = wordsOf(text.slice(0, 500).normalize('NFC'))
  const [first = '', ...rest] = words.some(hasSmall) ? words : words.map((word) => word.toLowerCase())
  const head = hasSmall(first) ? withFirst(first, 'toLowerCase') : first.toLowerCase()
  const name = (head + rest.map((word) => withFirst(word, 'toUpperCase')).join('')).slice(0, longestName)
  return name && !isIdentifier(name) ? `_${name}` : name
}

const hasSmall = (word: string): boolean => /\p{Ll}/u.test(word)

function withFirst(word: string, change: 'toLowerCase' | 'toUpperCase'): string {
  const changed = word[0]![change]()
  // The capital may be too new for Unicode 12.
  return (isIdentifier(`_${changed}`) ? changed : word[0]) + word.slice(1)
}

/**
 * Letters and marks that Unicode 12 does not have, or does not allow in identifiers. TypeScript 5.0 does not know them. A
 * version of Node knows some of them.
 */
const late =
  '\\u0870-\\u088f\\u0897-\\u089f\\u08b5\\u08be-\\u08d2\\u0b55\\u0c3c\\u0c5c\\u0c5d\\u0cdc\\u0cdd\\u0cf3\\u0d04\\u0d81' +
  '\\u0ece\\u170d\\u1715\\u171f\\u180f\\u1abf-\\u1aeb\\u1b4c\\u1c89\\u1c8a\\u1dfa\\u2c2f\\u2c5f\\u30fb\\u31bb-\\u31bf' +
  '\\u4db6-\\u4dbf\\u9ff0-\\u9fff\\ua7c0\\ua7c1\\ua7c7-\\ua7dc\\ua7f1-\\ua7f6\\ua82c\\uab68\\uab69\\uff65'

/** A character that each tool allows in an identifier: of the first plane of Unicode, and visible. */
const part = `(?:(?![\\p{DI}${late}])(?=[$\\p{ID_Continue}])[\\0-\\uffff])`

const identifier = new RegExp(`^(?=[$_\\p{ID_Start}])${part}+$`, 'u')
const word = new RegExp(`(?:(?![\\p{Pc}$])${part})+`, 'gu')

export const isIdentifier = (text: string): boolean => identifier.test(text)

/** The parts of a text that an identifier may hold after its first letter, and that have a letter or a digit. */
const wordsOf = (text: string): string[] =>
  (text.match(word) ?? []).filter((part) => /[\p{L}\p{N}]/u.test(part))
