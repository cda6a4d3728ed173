import { breakOff } from '@flowscale/gateway/face'
import type { Fault } from './fault.ts'
import { HTTP } from './operations.ts'
import { spoilBody } from './spoilBody.ts'

export type ConnectionFault = 'refused' | 'reset-early' | 'reset-late' | 'reset-midway'

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
}
