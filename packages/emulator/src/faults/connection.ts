import { breakOff } from '@flowscale/gateway/http'
import { type Fault, type FaultCall, HTTP } from './fault.ts'

export type ConnectionFault =
  | 'refused'
  | 'reset-early'
  | 'reset-late'
  | 'reset-midway'
  | 'hang-early'
  | 'hang-late'
  | 'hang-body'
  | 'drip'

const DRIP_MS = 1000

export const connectionFaults: Record<ConnectionFault, Fault> = {
  refused: {
    text: 'the connection is closed without a byte, and nothing was handled (by `emulator.fetch`: ECONNREFUSED)',
    operations: HTTP,
    isMute: true,
    play: () => Promise.reject(breakOff('ECONNREFUSED')),
  },
  'reset-early': {
    text: 'the connection is reset before the request is read',
    operations: HTTP,
    isMute: true,
    play: () => Promise.reject(breakOff('ECONNRESET')),
  },
  'reset-late': {
    text: 'the request is handled, then the connection is reset without an answer',
    operations: HTTP,
    isMute: true,
    async play({ perform }) {
      await perform()
      throw breakOff('ECONNRESET')
    },
  },
  'reset-midway': {
    text: 'the connection is reset after half of the answer, or after the first event',
    operations: HTTP,
    play: ({ perform }) =>
      spoilBody(perform, ({ part }, controller) => {
        controller.enqueue(part)
        controller.error(breakOff('ECONNRESET', 'terminated'))
        return undefined
      }),
  },
  'hang-early': {
    text: 'no answer ever comes, and nothing was handled',
    operations: HTTP,
    isMute: true,
    play: async (call) => {
      // The body is read and thrown away: while it comes, a server does not notice that the client has left.
      await call.request.body?.cancel()
      return await hang(call)
    },
  },
  'hang-late': {
    text: 'the request is handled, and no answer ever comes',
    operations: HTTP,
    isMute: true,
    play: async (call) => {
      await call.perform()
      return await hang(call)
    },
  },
  'hang-body': {
    text: 'headers and half of the body come, or the first event, and never the rest',
    operations: HTTP,
    play: ({ perform, onClose }) =>
      spoilBody(perform, ({ part }, controller) => {
        controller.enqueue(part)
        return onClose(() => controller.error(breakOff('ECONNRESET', 'terminated')))
      }),
  },
  drip: {
    text: 'the body comes at one byte a second, whatever the `speed`; of events, only the first',
    operations: HTTP,
    play: ({ perform, onClose }) =>
      spoilBody(perform, ({ bytes }, controller) => {
        let at = 0
        const timer = setInterval(next, DRIP_MS)
        const forget = onClose(() => {
          clearInterval(timer)
          controller.error(breakOff('ECONNRESET', 'terminated'))
        })
        function stop(): void {
          clearInterval(timer)
          forget()
        }
        function next(): void {
          controller.enqueue(bytes.slice(at, ++at))
          if (at < bytes.length) return
          stop()
          controller.close()
        }
        next()
        return stop
      }),
  },
}

/** Waits until the client leaves or the emulator is closed. */
function hang({ request: { signal }, onClose }: FaultCall): Promise<never> {
  return new Promise((_, reject) => {
    const forget = onClose(() => {
      signal.removeEventListener('abort', gone)
      reject(breakOff('ECONNRESET'))
    })
    function gone(): void {
      forget()
      reject(signal.reason)
    }
    if (signal.aborted) gone()
    else signal.addEventListener('abort', gone, { once: true })
  })
}

type Controller = ReadableStreamDefaultController<Uint8Array>

interface Sent {
  /** The true body; of a stream of events, the first. */
  readonly bytes: Uint8Array
  /** The bytes before the break: half of the body, or the first event. */
  readonly part: Uint8Array
}

/**
 * Answers with the status and headers of the true answer, with its length; `send` decides which bytes of the body
 * come. The function that `send` returns is called when the reader leaves. An answer without a body is not spoiled.
 */
async function spoilBody(
  perform: () => Promise<Response>,
  send: (sent: Sent, controller: Controller) => (() => void) | undefined,
): Promise<Response | undefined> {
  const answer = await perform()
  if (!answer.body) return undefined
  const headers = new Headers(answer.headers)
  const isStream = headers.get('content-type') === 'text/event-stream'
  // A copy: where this fault is not played in the end, the true answer is still needed.
  const whole = isStream ? undefined : new Uint8Array(await answer.clone().arrayBuffer())
  if (whole) headers.set('content-length', String(whole.byteLength))
  const events = whole ? undefined : answer.body.getReader()
  let stop: (() => void) | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      // At the first read, so that whoever only wants the headers gets them.
      async pull(controller) {
        const bytes = whole ?? (await events!.read()).value
        await events?.cancel()
        if (!bytes) return controller.close()
        stop = send({ bytes, part: whole ? bytes.subarray(0, bytes.length >> 1) : bytes }, controller)
        // No second call: timers send the rest.
        await new Promise(() => {})
      },
      async cancel() {
        stop?.()
        await events?.cancel()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status: answer.status, headers })
}
