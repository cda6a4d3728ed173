import type { FaultKind } from '../../faults/types.ts'

/** How much later a late frame comes, and how long a frame waits for the one that is to go before it, in ms. */
const LATE_MS = 1000
const GIANT = 1024 * 1024

/** How a message is sent. */
interface Frame {
  text: string
  copies: number
  delayMs: number
  /** Sent right after the next message, should that come before the delay is over. */
  held: boolean
}

/** What becomes of a message under a fault. */
export function spoilFrame(message: object, kind: FaultKind | undefined): Frame {
  const text = JSON.stringify(message)
  const frame: Frame = { text, copies: 1, delayMs: 0, held: false }
  switch (kind) {
    case 'frame-duplicate':
      return { ...frame, copies: 2 }
    case 'frame-late':
      return { ...frame, delayMs: LATE_MS }
    case 'frame-reordered':
      return { ...frame, delayMs: LATE_MS, held: true }
    case 'frame-malformed':
      return { ...frame, text: text.slice(0, text.length >> 1) }
    case 'frame-giant':
      return { ...frame, text: JSON.stringify({ ...message, padding: 'x'.repeat(GIANT) }) }
    default:
      return frame
  }
}
