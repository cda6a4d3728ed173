import { parse } from '../internal/data.ts'

/** What has more characters is no event of a run. */
const maxLength = 65_536

/**
 * Reads server-sent events: gives the JSON of those that end in a piece. Pieces may end anywhere. After a CR the reader waits
 * for the next character, which may be the LF of the same line.
 */
export function createEventReader(): (piece: Uint8Array) => unknown[] {
  const decoder = new TextDecoder()
  let rest = ''
  let data = ''
  return (piece) => {
    const events: unknown[] = []
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n|\r(?!$)/)
    rest = lines.pop()!
    for (const line of lines) {
      if (line.startsWith('data:')) data += line.slice(5)
      if (line) continue
      events.push(parse(data))
      data = ''
    }
    if (rest.length + data.length > maxLength) rest = data = ''
    return events
  }
}
