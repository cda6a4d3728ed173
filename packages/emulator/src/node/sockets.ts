import type { Messages, SocketHooks, Wire } from '@flowscale/gateway/node'
import { checkOptions, optional, type Rules, rules } from '../../../gateway/src/internal.ts'
import type { Emulator } from '../createEmulator.ts'
import type { FaultKind } from '../faults/table.ts'

/** Faults of the WebSocket, for tests. Read at each use: change the object while the server runs. */
export interface SocketOptions {
  /** Answers every handshake with this HTTP status, whatever its key */
  refuse?: number | undefined
  /** Destroys a connection after this number of messages; 0: right after its handshake */
  drop?: number | undefined
  /** Sends nothing at all: messages are lost, pings get no pong, and connections stay open */
  silent?: boolean | undefined
  /** Sends each message later by this time in ms, whatever the `speed` */
  delayMs?: number | undefined
  /** Sends each message twice */
  duplicate?: boolean | undefined
}

const LONGEST_TIMER = 2 ** 31 - 1

const OPTIONS: Rules<SocketOptions> = {
  refuse: optional(rules.wholeNumber(300, 599)),
  drop: optional(rules.wholeNumber(0)),
  silent: optional(rules.flag),
  delayMs: optional(rules.number(0, LONGEST_TIMER)),
  duplicate: optional(rules.flag),
}

export function checkSocketOptions(socket: SocketOptions): void {
  checkOptions('serve', socket, OPTIONS, 'socket')
}

/** Plays faults at each WebSocket: what the emulator chooses, and what the server's options ask for. */
export function spoilSockets(emulator: Emulator, options: SocketOptions): SocketHooks {
  return {
    refuse: () => options.refuse,
    connect(url, headers, wire) {
      const fault = emulator.sockets.connect(url, headers)
      if (fault === 'socket-closed') wire.close(1011, 'A fault of the emulator')
      else if (options.drop === 0) wire.destroy()
      else return spoilMessages(emulator, options, wire, fault)
      return undefined
    },
  }
}

/** The messages of one connection. */
function spoilMessages(
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
    // The connection is dropped after the message has left, not before.
    wire.send(text, () => void dropped())
  }

  return {
    deliver(update) {
      const before = [...held]
      // A message that is not sent draws no fault: the ledger counts only faults that were played.
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

/** The delay of a late frame, and the longest wait of a reordered one for the next. */
const LATE_MS = 1000
const GIANT = 1024 * 1024

/** How a message is sent. */
interface Frame {
  text: string
  copies: number
  delayMs: number
  /** Sent right after the next message, if that comes before the delay is over. */
  held: boolean
}

/** A message as a fault sends it. */
function spoilFrame(message: object, kind: FaultKind | undefined): Frame {
  const text = JSON.stringify(kind === 'frame-giant' ? { ...message, padding: 'x'.repeat(GIANT) } : message)
  return {
    text: kind === 'frame-malformed' ? text.slice(0, text.length >> 1) : text,
    copies: kind === 'frame-duplicate' ? 2 : 1,
    delayMs: kind === 'frame-late' || kind === 'frame-reordered' ? LATE_MS : 0,
    held: kind === 'frame-reordered',
  }
}
