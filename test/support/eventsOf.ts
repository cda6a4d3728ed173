/** What came on a stream of events, between two empty lines. */
export interface Came {
  id?: string
  data?: any
  comment?: string
}

/** The events of an answer as they come; of each field the last line. To leave it is to cancel the body. */
export async function* eventsOf({ body }: Response): AsyncGenerator<Came, void> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
    const blocks = (rest + decoder.decode(piece, { stream: true })).split('\n\n')
    rest = blocks.pop()!
    for (const block of blocks) yield parse(block)
  }
  if (rest) throw new Error(`The stream ended within an event: ${JSON.stringify(rest)}`)
}

function parse(block: string): Came {
  const came: Came = {}
  for (const line of block.split('\n')) {
    const [, field, value] = /^(id|data|): (.*)$/.exec(line) ?? []
    if (field === 'id') came.id = value!
    else if (field === 'data') came.data = JSON.parse(value!)
    else if (field === '') came.comment = value!
    else throw new Error(`No line of an event: ${JSON.stringify(line)}`)
  }
  return came
}

/** The ids that are left, to the end of the stream; of a comment its text after a colon. */
export async function idsOf(events: AsyncIterable<Came>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id, comment } of events) ids.push(id ?? `: ${comment}`)
  return ids
}
