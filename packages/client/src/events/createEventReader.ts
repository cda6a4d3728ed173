import { parse } from '../run.ts'

/** The longest event of a run, in characters. */
const maxLength = 65_536

/** Reads server-sent events, and gives the JSON of each event that ends in a piece. Pieces may end anywhere. */
export function createEventReader(): (piece: Uint8Array) => unknown[] {
  const decoder = new TextDecoder()
  let rest = ''
  return (piece) => {
    const events = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n\r?\n|\r\r/)
    rest = events.pop()!
    if (rest.length > maxLength) rest = ''
    // Only the text after `data:` stays.
    return events.map((event) => parse(event.replace(/([\r\n]|^)(data:|[^\r\n]*)/g, '$1')))
  }
}
