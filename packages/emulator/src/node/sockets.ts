import type { Messages, SocketHooks, Wire } from '@flowscale/gateway/node'
import type { Emulator } from '../createEmulator.ts'
import type { FaultKind } from '../faults/table.ts'

/** Faults of the WebSocket, for tests. Read at each use: change the object while the server runs. */
export interface SocketOptions {
  /** Answers every handshake with this HTTP status, whatever its key */
  refuse?: number | undefined
  /** Destroys a connection once it has been sent so many messages; 0: right after its handshake */
  drop?: number | undefined
  /** Sends nothing at all: messages are lost, pings get no pong, and connections stay open */
  silent?: boolean | undefined
  /** Sends each message so much later; `speed` has no part in it */
  delayMs?: number | undefined
  /** Sends each message twice */
  duplicate?: boolean | undefined
}

const KNOWN = ['refuse', 'drop', 'silent', 'delayMs', 'duplicate']
const LONGEST_TIMER = 2 ** 31 - 1

export function checkSocketOptions(socket: SocketOptions): void {
  if (typeof socket !== 'object' || socket === null) {
    throw new TypeError(`serve: option "socket" must be an object, got ${String(socket)}`)
  }
  for (const name of Object.keys(socket)) {
    if (KNOWN.includes(name)) continue
    throw new TypeError(`serve: unknown option "socket.${name}"; the known options are ${KNOWN.join(', ')}`)
  }
  const { refuse = 400, drop = 0, silent = false, delayMs = 0, duplicate = false } = socket
  expect(isWhole(refuse, 300, 599), 'refuse', 'an HTTP status from 300 to 599', refuse)
  expect(isWhole(drop, 0, Number.MAX_SAFE_INTEGER), 'drop', 'a whole number', drop)
  expect(typeof silent === 'boolean', 'silent', 'true or false', silent)
  const isDelay = typeof delayMs === 'number' && delayMs >= 0 && delayMs <= LONGEST_TIMER
  expect(isDelay, 'delayMs', `a number from 0 to ${LONGEST_TIMER}`, delayMs)
  expect(typeof duplicate === 'boolean', 'duplicate', 'true or false', duplicate)
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
}

function expect(ok: boolean, name: string, what: string, got: unknown): void {
  if (!ok) throw new TypeError(`serve: option "socket.${name}" must be ${what}, got ${String(got)}`)
}

/** Plays faults at each WebSocket: what the emulator chooses, and what the server's options ask for. */
export function spoilSockets(emulator: Emulator, options: SocketOptions): SocketHooks {
  return {
    refuse: () => options.refuse,
    connect(url, headers, wire) {
      const fault = emulator.sockets.connect(url, headers)
      if (fault === 'socket-closed') {
        wire.close(1011, 'A fault of the emulator')
        return undefined
      }
      if (options.drop === 0) {
        wire.destroy()
        return undefined
      }
      return spoilMessages(emulator, options, wire, fault)
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

/** A message as a fault sends it. */
function spoilFrame(message: object, kind: FaultKind | undefined): Frame {
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
