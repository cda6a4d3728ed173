import { breakOff } from '@flowscale/gateway/face'
import type { Fault, FaultCall } from './fault.ts'
import { HTTP } from './operations.ts'
import { spoilBody } from './spoilBody.ts'

export type TimeFault = 'hang-early' | 'hang-late' | 'hang-body' | 'drip'

const DRIP_MS = 1000

export const timeFaults: Record<TimeFault, Fault> = {
  'hang-early': {
    text: 'no answer ever comes, and nothing was handled',
    operations: HTTP,
    isMute: true,
    play: async (call) => {
      // Read and thrown away: a server would not notice that a client is gone which is still sending.
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

/** Until the client goes away, or the emulator is closed. */
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
