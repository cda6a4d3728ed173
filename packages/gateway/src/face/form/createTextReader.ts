import { EngineError } from '../../engineErrors.ts'

const MAX_BYTES = 4 * 1024 * 1024

/** Reads the texts of a form, which are held in memory: all together only up to a limit. */
export function createTextReader(): (chunks: AsyncIterable<Uint8Array>) => Promise<string> {
  let count = 0
  return async (chunks) => {
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of chunks) {
      count += chunk.byteLength
      if (count > MAX_BYTES)
        throw new EngineError(413, `The texts of the form are larger than ${MAX_BYTES} bytes`)
      text += decoder.decode(chunk, { stream: true })
    }
    return text + decoder.decode()
  }
}
