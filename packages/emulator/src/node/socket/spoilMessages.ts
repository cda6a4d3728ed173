import type { Messages, Wire } from '@flowscale/gateway/node'
import type { FaultKind } from '../../faults/types.ts'
import type { Emulator } from '../../types.ts'
import type { SocketOptions } from './checkSocketOptions.ts'
import { spoilFrame } from './spoilFrame.ts'

/** The messages of one connection. */
export function spoilMessages(
  emulator: Emulator,
  options: SocketOptions,
  wire: Wire,
  fault: FaultKind | undefined,
): Messages {
  const timers = new Set<NodeJS.Timeout>()
  /** Messages that wait for the next one. */
  const held = new Set<() => void>()
  let sent = 0
  let over = false

  const isSilent = (): boolean => options.silent === true || fault === 'socket-silent'

  function dropped(): boolean {
    if (!over && sent >= (options.drop ?? Number.POSITIVE_INFINITY)) wire.destroy()
    return over
  }

  function send(text: string): void {
    if (isSilent() || dropped()) return
    sent++
    // Dropped when it has left, not before.
    wire.send(text, () => void dropped())
  }

  return {
    deliver(update) {
      const before = [...held]
      // What nobody will hear meets no fault.
      const spoil = isSilent() ? undefined : emulator.sockets.message(update)
      const frame = spoilFrame({ type: 'run_status_update', data: update }, spoil)
      const delayMs = (options.delayMs ?? 0) + frame.delayMs
      for (let copies = options.duplicate ? 2 : frame.copies; copies > 0 && !over; copies--) {
        if (!delayMs) {
          send(frame.text)
          continue
        }
        const sendNow = (): void => {
          clearTimeout(timer)
          timers.delete(timer)
          if (held.delete(sendNow) || !frame.held) send(frame.text)
        }
        const timer = setTimeout(sendNow, delayMs)
        timers.add(timer)
        if (frame.held) held.add(sendNow)
      }
      for (const sendNow of before) sendNow()
    },
    pong(data) {
      if (!isSilent()) wire.pong(data)
    },
    end() {
      over = true
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
