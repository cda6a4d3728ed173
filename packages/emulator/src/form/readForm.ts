import { failure, unprocessable } from '../http/answers.ts'
import type { Dialect } from '../types.ts'

// formData() of Node 18 hangs on a text field that comes in larger pieces.
const PIECE = 16_384

/** The request's form, or the answer that refuses it. */
export async function readForm(
  request: Request,
  maxBytes: number,
  dialect: Dialect,
): Promise<FormData | Response> {
  const tooLarge = (): Response => failure(dialect, 413, `The upload is larger than ${maxBytes} bytes`)
  if (Number(request.headers.get('content-length')) > maxBytes) return tooLarge()

  let count = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      count += chunk.byteLength
      if (count > maxBytes) throw new Error('The upload is too large')
      for (let at = 0; at < chunk.byteLength; at += PIECE) controller.enqueue(chunk.subarray(at, at + PIECE))
    },
  })
  const type = request.headers.get('content-type') ?? ''
  const body = new Response(request.body?.pipeThrough(counter) ?? null, { headers: { 'content-type': type } })
  try {
    if (/^(multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type))
      return await body.formData()
    const size = (await body.arrayBuffer()).byteLength
    if (size === 0) return new FormData()
  } catch {
    if (count > maxBytes) return tooLarge()
    request.signal.throwIfAborted()
    return failure(dialect, 400, 'There was an error parsing the body')
  }
  return unprocessable([{ loc: ['body'], msg: 'The body must be multipart/form-data', type: 'value_error' }])
}
