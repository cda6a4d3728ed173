import { ArgumentError, type NetworkError, TimeoutError } from '../errors.ts'
import { startTimer } from '../internal/timers.ts'
import { isBytes, parse } from '../internal/values.ts'
import type { Client } from '../types.ts'
import { openSocket, socketError } from './openSocket.ts'
import type { CloseInfo, WebSocketLike, WebSocketOptions } from './types.ts'

/** How long a close waits for the close of the server, in ms. */
const closeMs = 2000

export type Ending = Omit<CloseInfo, 'final'>

/** Called with the events of a socket. `ended` comes last, and once. */
interface AttemptEvents {
  opened(): void
  message(message: unknown): void
  error(error: unknown): void
  ended(how: Ending, error?: unknown, isHopeless?: boolean): void
}

/** One socket, from the attempt to open it until its end, in any runtime. */
export interface Attempt {
  /** Returns whether the message was sent. */
  send(message: unknown): boolean
  close(code: number, reason: string): void
}

export function startAttempt(client: Client, options: WebSocketOptions, on: AttemptEvents): Attempt {
  const { idleTimeoutMs = 300_000, ping } = options
  const over = new AbortController()
  let socket: (WebSocketLike & { terminate?: () => void }) | undefined
  let isOpen = false
  let isClosing = false
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Starts the timer. There is one for all waits: for the open, for a message, and for the close. */
  const wait = (ms: number, late: () => void) => {
    clearTimeout(timer)
    timer = startTimer(late, ms)
  }
  const end = (how: Partial<Ending>, error?: unknown, isHopeless?: boolean) => {
    if (over.signal.aborted) return
    over.abort()
    clearTimeout(timer)
    on.ended({ code: 1006, reason: '', wasClean: false, ...how }, isClosing ? undefined : error, isHopeless)
  }
  /** Drops a socket whose server does not answer. */
  const discard = (reason: string, error?: unknown) => {
    end({ reason }, error)
    if (socket?.terminate) socket.terminate()
    else socket?.close()
  }
  /** Drops a connection whose server has gone silent, which the socket itself does not notice. */
  const watchSilence = (wasPinged = ping === undefined) => {
    wait(ping === undefined ? idleTimeoutMs : idleTimeoutMs / 2, () => {
      if (wasPinged) {
        const error = new TimeoutError(`The WebSocket was silent for ${idleTimeoutMs}ms`, {
          timeoutMs: idleTimeoutMs,
        })
        return discard('silent', error)
      }
      try {
        attempt.send(ping)
      } catch {}
      watchSilence(true)
    })
  }
  const opened = () => {
    if (over.signal.aborted || isClosing) return
    isOpen = true
    watchSilence()
    on.opened()
  }

  const listen = (to: WebSocketLike) => {
    let failure: NetworkError | undefined
    let status = 0
    to.addEventListener('error', ({ message, error }: { message?: string; error?: { code?: unknown } }) => {
      if (over.signal.aborted) return
      // Other runtimes have words as codes, such as ECONNREFUSED. Deno has numbers, which explain nothing.
      const why = /[A-Z]/.test(`${error?.code}`) ? error?.code : message
      if (isOpen && !isClosing) return on.error(socketError('failed', why))
      failure = socketError('did not open', why)
      // Only `ws`, Deno and Bun show the status of a refused handshake, and some of them send no close after it.
      status = Number(/: (\d{3})$/.exec(`${message}`)?.[1])
      wait(0, () => end({ code: status || 1006 }, failure))
    })
    to.addEventListener('open', opened)
    to.addEventListener('message', ({ data }: { data: unknown }) => {
      if (over.signal.aborted || isClosing) return
      watchSilence()
      on.message(typeof data === 'string' ? parse(data) : data)
    })
    to.addEventListener('close', ({ code, reason, wasClean }: Partial<Ending>) => {
      end(
        { code: status || code || 1006, reason: reason ?? '', wasClean: wasClean ?? code === 1000 },
        isOpen ? undefined : (failure ?? socketError('did not open')),
      )
    })
  }

  const start = async () => {
    try {
      const { error, status, isOpen, ...made } = await openSocket(client, options, over.signal)
      if (!made.socket) return end({ code: status || 1006 }, error, error instanceof ArgumentError)
      socket = made.socket
      socket.binaryType = 'arraybuffer'
      listen(socket)
      if (over.signal.aborted) socket.close()
      else if (isOpen) opened()
    } catch (error) {
      end({}, error)
    }
  }

  const attempt: Attempt = {
    send(message) {
      const isReady = isOpen && !isClosing && !over.signal.aborted && (socket!.readyState ?? 1) === 1
      const data = encode(message)
      if (!isReady || data === undefined) return false
      socket!.send(data)
      return true
    },
    close(code, reason) {
      if (over.signal.aborted) return
      isClosing = true
      if (!socket) return end({ code, reason, wasClean: true })
      wait(closeMs, () => discard(reason))
      try {
        socket.close(code, reason)
      } catch {}
    },
  }
  const { timeoutMs } = client
  wait(timeoutMs, () =>
    discard('timed out', new TimeoutError(`The WebSocket did not open within ${timeoutMs}ms`, { timeoutMs })),
  )
  start()
  return attempt
}

/** Strings and binary data stay as they are, and other values become JSON. `undefined` for a value that JSON can't show. */
function encode(message: unknown): unknown {
  return typeof message === 'string' || message instanceof Blob || isBytes(message)
    ? message
    : JSON.stringify(message)
}
