/** A longer event is no event of a run, in characters. */
const maxLength = 65_536

/** Cuts a stream of server-sent events into the data of each. Pieces may end anywhere. */
export function createEventReader(): (piece: Uint8Array) => string[] {
  const decoder = new TextDecoder()
  let rest = ''
  return (piece) => {
    const events = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n\r?\n|\r\r/)
    rest = events.pop()!
    if (rest.length > maxLength) throw new RangeError('An event is too long')
    return events.flatMap((event) => {
      const lines = [...event.matchAll(/^data: ?(.*)$/gm)]
      return lines.length ? lines.map(([, line]) => line).join('\n') : []
    })
  }
}
