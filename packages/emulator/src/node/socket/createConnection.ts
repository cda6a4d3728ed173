import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import { spoilFrame } from '../../faults/socket.ts'
import type { FaultKind } from '../../faults/types.ts'
import type { Emulator, RunUpdate } from '../../types.ts'
import type { SocketOptions } from './checkSocketOptions.ts'
import { readEvent } from './readEvent.ts'

export interface Connection {
  /** Passes a change on, where the client wants to know of it. */
  push(update: RunUpdate): void
  /** Destroys the TCP socket. */
  destroy(): void
  /** Says goodbye (1001) and ends without waiting for an answer. */
  close(): void
}

/** One client that is connected, with its subscriptions. `gone` is called once, when it no longer is. */
export function createConnection(
  socket: WebSocket,
  tcp: Socket,
  emulator: Emulator,
  options: SocketOptions,
  fault: FaultKind | undefined,
  gone: () => void,
): Connection {
  const subscriptions = new Set<string>()
  const timers = new Set<NodeJS.Timeout>()
  /** Messages that wait for the next one. */
  const held = new Set<() => void>()
  let sent = 0
  let over = false

  const isSilent = (): boolean => options.silent === true || fault === 'socket-silent'

  function end(): void {
    if (over) return
    over = true
    for (const timer of timers) clearTimeout(timer)
    gone()
  }

  function destroy(): void {
    end()
    tcp.destroy()
  }

  function dropped(): boolean {
    if (!over && sent >= (options.drop ?? Number.POSITIVE_INFINITY)) destroy()
    return over
  }

  function send(text: string): void {
    if (isSilent() || dropped()) return
    sent++
    // Dropped when it has left, not before.
    socket.send(text, () => void dropped())
  }

  function deliver(update: RunUpdate): void {
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
  }

  socket.on('message', (data: RawData, isBinary: boolean) => {
    const event = over || isBinary ? null : readEvent(String(data))
    if (event?.action === 'unsubscribe') subscriptions.delete(event.runId)
    if (event?.action !== 'subscribe') return
    subscriptions.add(event.runId)
    const update = emulator.stateOf(event.runId)
    if (update) deliver(update)
  })
  socket.on('ping', (data: Buffer) => {
    if (!over && !isSilent()) socket.pong(data)
  })
  // What breaks the protocol also closes.
  socket.on('error', () => {})
  socket.on('close', end)
  const connection: Connection = {
    push(update) {
      if (subscriptions.size === 0 || subscriptions.has(update.run_id)) deliver(update)
    },
    destroy,
    close() {
      end()
      socket.close(1001, 'The server is closing')
      // A client that does not read would hold it up.
      if (tcp.writableLength > 0) tcp.destroy()
      else tcp.destroySoon()
    },
  }
  return connection
}
