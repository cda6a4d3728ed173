import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import type { HttpApi, RunUpdate } from '../http/types.ts'

/** More are not heard: a client with so many runs does better with a list. */
const MOST_SUBSCRIPTIONS = 1_000

/** Bytes that wait for a client. One with more does not read, and costs memory for as long. */
const MOST_UNREAD = 1_048_576

export interface Connection {
  /** Passes a change on, if the client subscribed to the run, or to no run at all. */
  push(update: RunUpdate): void
  /** Destroys the TCP socket. */
  destroy(): void
  /** Says goodbye (1001) and ends without waiting for an answer. */
  close(): void
}

/** One client that is connected, with its subscriptions. It is one of `connections` for as long. */
export function createConnection(
  socket: WebSocket,
  tcp: Socket,
  api: HttpApi,
  connections: Set<Connection>,
  connect: (wire: Wire) => Messages | undefined,
): void {
  /** What stops each of them, where it is followed. */
  const subscriptions = new Map<string, (() => void) | undefined>()
  /** Runs whose state is being read. A change that comes meanwhile is newer, and removes the run from the set. */
  const asked = new Set<string>()
  let messages: Messages | undefined
  /** Runs to look at, each once, however often a client asks meanwhile. */
  const waiting = new Set<string>()
  let looking = false
  let over = false

  function end(): void {
    if (over) return
    over = true
    connections.delete(connection)
    for (const stop of subscriptions.values()) stop?.()
    messages?.end()
  }

  function destroy(): void {
    end()
    tcp.destroy()
  }

  function endIfUnread(): void {
    if (tcp.writableLength > MOST_UNREAD) destroy()
  }

  const connection: Connection = {
    push(update) {
      asked.delete(update.run_id)
      if (subscriptions.size === 0 || subscriptions.has(update.run_id)) messages?.deliver(update)
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

  function subscribe(runId: string): void {
    if (subscriptions.size >= MOST_SUBSCRIPTIONS && !subscriptions.has(runId)) return
    subscriptions.set(runId, subscriptions.get(runId))
    asked.add(runId)
    waiting.add(runId)
    if (!looking) void lookAtAll()
  }

  /** One after another: an engine may need several requests for each. */
  async function lookAtAll(): Promise<void> {
    looking = true
    // Those that are added meanwhile come last.
    for (const runId of waiting) {
      waiting.delete(runId)
      await look(runId)
    }
    looking = false
  }

  async function look(runId: string): Promise<void> {
    const isWanted = (): boolean => !over && subscriptions.has(runId)
    if (!isWanted()) return
    let update: RunUpdate | null | undefined
    try {
      update = await api.stateOf(runId)
    } catch {
      // Where its state can't be known now, the changes tell it.
    }
    if (!isWanted()) return
    if (update !== null && !subscriptions.get(runId)) subscriptions.set(runId, api.follow?.(runId))
    if (asked.delete(runId) && update) messages?.deliver(update)
  }

  function unsubscribe(runId: string): void {
    subscriptions.get(runId)?.()
    subscriptions.delete(runId)
    asked.delete(runId)
    waiting.delete(runId)
  }

  // What breaks the protocol also closes.
  socket.on('error', () => {})
  messages = connect({
    send(text, sent) {
      socket.send(text, sent)
      endIfUnread()
    },
    pong(data) {
      socket.pong(data)
      endIfUnread()
    },
    close: (code, reason) => socket.close(code, reason),
    destroy,
  })
  if (!messages || over) return
  connections.add(connection)
  socket.on('message', (data: RawData, isBinary: boolean) => {
    const event = over || isBinary ? null : readEvent(String(data))
    if (event?.action === 'unsubscribe') unsubscribe(event.runId)
    else if (event) subscribe(event.runId)
  })
  socket.on('ping', (data: Buffer) => {
    if (!over) messages.pong(data)
  })
  socket.on('close', end)
}

interface ClientEvent {
  action: 'subscribe' | 'unsubscribe'
  runId: string
}

/** The one kind of message that clients send, or `null` for anything else. */
function readEvent(text: string): ClientEvent | null {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return null
  }
  const { type, data } = fields(message)
  const { action, runId } = fields(data)
  if (type !== 'client_event' || (action !== 'subscribe' && action !== 'unsubscribe')) return null
  return typeof runId === 'string' ? { action, runId } : null
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** A WebSocket connection as it is. */
export interface Wire {
  /** `sent` is called when the text has left. */
  send(text: string, sent?: () => void): void
  pong(data: Uint8Array): void
  close(code: number, reason: string): void
  /** Destroys the TCP socket. */
  destroy(): void
}

/** What goes out on a connection. */
export interface Messages {
  deliver(update: RunUpdate): void
  pong(data: Uint8Array): void
  /** Called once, when the connection is over. */
  end(): void
}

/** What may stand between the WebSocket and its wire. */
export interface SocketHooks {
  /** The HTTP status that refuses each handshake, if any. */
  refuse?(): number | undefined
  /** For a handshake that is taken; gives nothing where it has ended the connection. */
  connect?(url: string, headers: Headers, wire: Wire): Messages | undefined
}
