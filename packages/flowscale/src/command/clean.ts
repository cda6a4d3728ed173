// Controls, and the marks that turn the direction of writing.
const hidden = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const hiddenParts = new RegExp(hidden, 'gu')
/** The colours that the command itself uses, and the end of each; else a line break. */
const kept = String.raw`\x1b\[(?:[012]|22|3[0-79]|9[0-7])m|\n`
const keptOrHidden = new RegExp(`(${kept})|${hidden.source}`, 'gu')

const escaped = (character: string): string => {
  const code = character.charCodeAt(0).toString(16)
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
}

/**
 * What a server says, as one line that a terminal only shows: what would move the cursor, colour or hide something is
 * written out, such as `\x1b`.
 */
export const clean = (text: string): string => text.trim().replace(/\s+/g, ' ').replace(hiddenParts, escaped)

/** The same for a line that the command made, with its spaces. */
export const cleanLine = (text: string): string =>
  text.replace(/\s*\n\s*/g, ' ').replace(hiddenParts, escaped)

/** JSON that means the same, and that a terminal only shows. */
export const cleanJson = (json: string): string =>
  json.replace(hiddenParts, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The same for a text that the command made, with its lines and colours. */
export const cleanLines = (text: string): string =>
  text.replace(keptOrHidden, (character, isKept) => (isKept ? character : escaped(character)))
