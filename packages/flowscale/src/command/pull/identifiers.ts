// Letters and marks that came after Unicode 12, or were made part of identifiers since. TypeScript 5.0 does not know them,
// and which of them Node knows depends on its version.
const late =
  '\\u0870-\\u088f\\u0897-\\u089f\\u08b5\\u08be-\\u08d2\\u0b55\\u0c3c\\u0c5c\\u0c5d\\u0cdc\\u0cdd\\u0cf3\\u0d04\\u0d81' +
  '\\u0ece\\u170d\\u1715\\u171f\\u180f\\u1abf-\\u1aeb\\u1b4c\\u1c89\\u1c8a\\u1dfa\\u2c2f\\u2c5f\\u30fb\\u31bb-\\u31bf' +
  '\\u4db6-\\u4dbf\\u9ff0-\\u9fff\\ua7c0\\ua7c1\\ua7c7-\\ua7dc\\ua7f1-\\ua7f6\\ua82c\\uab68\\uab69\\uff65'

/** What each tool takes in an identifier: of the first plane of Unicode, and nothing that can't be seen. */
const part = `(?:(?![\\p{DI}${late}])(?=[$\\p{ID_Continue}])[\\0-\\uffff])`

const identifier = new RegExp(`^(?=[$_\\p{ID_Start}])${part}+$`, 'u')
const word = new RegExp(`(?:(?![\\p{Pc}$])${part})+`, 'gu')

export const isIdentifier = (text: string): boolean => identifier.test(text)

/** The parts of a text that an identifier may hold behind its first letter, and that have a letter or a digit. */
export const wordsOf = (text: string): string[] =>
  (text.match(word) ?? []).filter((part) => /[\p{L}\p{N}]/u.test(part))
