// Makes texts that others chose, such as names of files, safe for a terminal and a log.

/** Controls, and the marks that turn the direction of writing. */
const HIDDEN = /[\p{Cc}\p{Bidi_Control}]/gu

const codeOf = (character: string): string => character.charCodeAt(0).toString(16)

/** One line: each character that would move the cursor, colour or hide something is written out, such as `\x1b`. */
export const clean = (text: string): string =>
  text.replace(/(?<!\s)\s*\n\s*/g, ' ').replace(HIDDEN, (character) => {
    const code = codeOf(character)
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
  })

/** JSON that means the same, and that a terminal only shows. */
export const cleanJson = (json: string): string =>
  json.replace(HIDDEN, (character) =>
    character === '\n' ? character : `\\u${codeOf(character).padStart(4, '0')}`,
  )
