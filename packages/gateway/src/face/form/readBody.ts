import { EngineError } from '../../engineErrors.ts'

/** The bytes of a request's body, read no faster than the consumer reads. */
export async function* readBody(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let count = 0
  while (reader) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      signal.throwIfAborted()
      throw new EngineError(400, 'There was an error parsing the body', { cause })
    })
    signal.throwIfAborted()
    if (done) return
    count += value.byteLength
    if (count > maxBytes) throw new EngineError(413, `The upload is larger than ${maxBytes} bytes`)
    yield value
  }
}
