import { CANARY } from '../../support/canary.ts'
import type { Answer } from './answerOf.ts'

/** Does what an answer says, as a `fetch` would. */
export async function respond(
  { status, headers, body, way }: Answer,
  signal: AbortSignal,
): Promise<Response> {
  signal.throwIfAborted()
  if (way === 'throw') {
    // As undici, which shows what came instead of HTTP: maybe an echo of the request.
    const cause = Object.assign(new Error('bad'), {
      code: 'HPE_INVALID_CONSTANT',
      data: `x-api-key: ${CANARY}`,
    })
    throw body.length % 2 ? new TypeError('fetch failed', { cause }) : new TypeError('fetch failed')
  }
  if (way === 'no response')
    return [undefined, null, {}, { status, ok: status < 300 }][body.length % 4] as never
  if (way === 'hidden redirect') {
    return Object.defineProperty(new Response(null), 'status', { value: 0 })
  }
  const init = { status, headers }
  const isEmpty = way === 'none' || [204, 205, 304].includes(status)
  if (isEmpty || way === 'text') return new Response(isEmpty ? null : body, init)
  const bytes = new TextEncoder().encode(body)
  let sent = 0
  const step = Math.max(1, Math.ceil(bytes.length / 3))
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      signal.addEventListener('abort', () => controller.error(signal.reason))
    },
    pull(controller) {
      const isOver = sent >= (way === 'chunks' ? bytes.length : bytes.length / 2)
      if (isOver && way === 'break') return controller.error(new TypeError('terminated'))
      if (isOver && way === 'hang') return new Promise(() => {})
      if (isOver) return controller.close()
      controller.enqueue(bytes.slice(sent, sent + step))
      sent += step
      return undefined
    },
  })
  return new Response(stream, init)
}
