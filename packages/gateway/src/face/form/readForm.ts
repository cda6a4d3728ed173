import { EngineError, InputError } from '../../engine.ts'

// formData() of Node 18 hangs on a text field that comes in larger pieces.
const PIECE = 16_384

/** The request's form; an error that says why it is refused. */
export async function readForm(request: Request, maxBytes: number): Promise<FormData> {
  const tooLarge = new EngineError(413, `The upload is larger than ${maxBytes} bytes`)
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLarge

  let count = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      count += chunk.byteLength
      if (count > maxBytes) throw tooLarge
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
    if (count > maxBytes) throw tooLarge
    request.signal.throwIfAborted()
    throw new EngineError(400, 'There was an error parsing the body')
  }
  throw new InputError([{ loc: ['body'], msg: 'The body must be multipart/form-data', type: 'value_error' }])
}
