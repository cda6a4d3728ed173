// Serves one client of the WebSocket: its subscriptions, and the changes of its runs.
import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import { type Caller, maySee } from '../engine.ts'
import type { HttpApi, RunUpdate } from '../http/types.ts'

/** One connected client, for the server. */
export interface Connection {
  /** Sends a change to the client, if it may know of the run, and subscribed to it or to no run at all. */
  push(update: RunUpdate, owner: string | undefined): void
  /** Destroys the TCP socket. */
  destroy(): void
  /** Says goodbye (1001) and ends without waiting for an answer. */
  close(): void
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

/** The messages that go out on a connection. */
export interface Messages {
  deliver(update: RunUpdate): void
  pong(data: Uint8Array): void
  /** Called once, when the connection is over. */
  end(): void
}

/** Hooks between the WebSocket and its wire. */
export interface SocketHooks {
  /** The HTTP status that refuses each handshake, if any. */
  refuse?(): number | undefined
  /** Called for each accepted handshake. Returns nothing if the hook has ended the connection. */
  connect?(url: string, headers: Headers, wire: Wire): Messages | undefined
}

/** Subscriptions above this number are ignored: a client with so many runs is better served by a list. */
const MOST_SUBSCRIPTIONS = 1_000

/** Bytes that may wait for a client. With more, the client does not read, and its connection is destroyed. */
const MOST_UNREAD = 1_048_576

interface Subscription {
  /** Stops following the run. Missing until the run is followed. */
  stop?: (() => void) | undefined
  /** Whether the client still waits for the present state of the run. A change is newer, and takes its place. */
  wantsState: boolean
}

/** Serves a client. Until it is over, the connection is one of `connections`. */
export function createConnection(
  socket: WebSocket,
  tcp: Socket,
  api: HttpApi,
  caller: Caller,
  connections: Set<Connection>,
  connect: (wire: Wire) => Messages | undefined,
): void {
  const subscriptions = new Map<string, Subscription>()
  /** The runs to look up. A run that a client asks for again and again is looked up once. */
  const waiting = new Set<string>()
  let isLookingUp = false
  let isOver = false
  let messages: Messages | undefined
  let leave: (() => void) | undefined

  const connection: Connection = {
    push(update, owner) {
      if (!maySee(caller, owner)) return
      const subscription = subscriptions.get(update.run_id)
      if (subscription) subscription.wantsState = false
      if (subscription || subscriptions.size === 0) messages?.deliver(update)
    },
    destroy,
    close: () => close(1001, 'The server is closing'),
  }

  // An error of the protocol also closes the socket.
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
  if (!messages || isOver) return
  connections.add(connection)
  leave = api.whileValid?.(caller, () => close(1008, 'The key is no longer valid'))
  socket.on('message', (data: RawData, isBinary: boolean) => {
    const event = isOver || isBinary ? null : readEvent(String(data))
    if (event?.action === 'unsubscribe') unsubscribe(event.runId)
    else if (event) subscribe(event.runId)
  })
  socket.on('ping', (data: Buffer) => {
    if (!isOver) messages.pong(data)
  })
  socket.on('close', end)

  function subscribe(runId: string): void {
    const subscription = subscriptions.get(runId)
    if (!subscription && subscriptions.size >= MOST_SUBSCRIPTIONS) return
    subscriptions.set(runId, { ...subscription, wantsState: true })
    waiting.add(runId)
    if (!isLookingUp) void lookUpAll()
  }

  function unsubscribe(runId: string): void {
    subscriptions.get(runId)?.stop?.()
    subscriptions.delete(runId)
    waiting.delete(runId)
  }

  /** Looks up one run after another, since an engine may need several requests for each. */
  async function lookUpAll(): Promise<void> {
    isLookingUp = true
    // Runs that are added meanwhile come last.
    for (const runId of waiting) {
      waiting.delete(runId)
      if (!isOver) await lookUp(runId)
    }
    isLookingUp = false
  }

  async function lookUp(runId: string): Promise<void> {
    const subscribed = subscriptions.get(runId)
    // First, since the run may end during the look.
    if (subscribed) subscribed.stop ??= api.follow?.(runId)
    let update: RunUpdate | null | undefined
    try {
      update = await api.stateOf(runId, caller)
    } catch {
      // The client hears of the next change.
    }
    const subscription = subscriptions.get(runId)
    if (isOver || !subscription) return
    if (update && subscription.wantsState) messages?.deliver(update)
    subscription.wantsState = false
    if (update !== null) return
    // There is no such run.
    subscription.stop?.()
    subscription.stop = undefined
  }

  function endIfUnread(): void {
    if (tcp.writableLength > MOST_UNREAD) destroy()
  }

  function close(code: number, reason: string): void {
    end()
    socket.close(code, reason)
    // A client that does not read would hold up the end of the server.
    if (tcp.writableLength > 0) tcp.destroy()
    else tcp.destroySoon()
  }

  function destroy(): void {
    end()
    tcp.destroy()
  }

  function end(): void {
    if (isOver) return
    isOver = true
    connections.delete(connection)
    leave?.()
    for (const { stop } of subscriptions.values()) stop?.()
    messages?.end()
  }
}

/** The one kind of message that clients send, or `null` for anything else. */
function readEvent(text: string): { action: 'subscribe' | 'unsubscribe'; runId: string } | null {
  try {
    const { type, data } = Object(JSON.parse(text))
    const { action, runId } = Object(data)
    if (type !== 'client_event' || typeof runId !== 'string') return null
    return action === 'subscribe' || action === 'unsubscribe' ? { action, runId } : null
  } catch {
    return null
  }
}
