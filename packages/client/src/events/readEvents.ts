import { parse } from '../internal/data.ts'

/** What has more characters is no event of a run. */
const maxLength = 65_536

/** Reads server-sent events whose data is JSON: gives that of those that end in a piece. Pieces may end anywhere. */
export function createEventReader(): (piece: Uint8Array) => unknown[] {
  const decoder = new TextDecoder()
  let rest = ''
  return (piece) => {
    const events = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n\r?\n|\r\r/)
    rest = events.pop()!
    if (rest.length > maxLength) rest = ''
    // Of each line what follows `data:`; of other lines nothing.
    return events.map((event) => parse(event.replace(/([\r\n]|^)(data:|[^\r\n]*)/g, '$1')))
  }
}
