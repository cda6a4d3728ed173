import { NetworkError } from '../errors.ts'
import { checkOptions } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import { startTimer } from '../internal/timers.ts'
import { createWatch } from '../push.ts'
import type { Client } from '../types.ts'
import { createFeed, type Failure } from './createFeed.ts'
import { readUrl } from './openSocket.ts'
import { type Attempt, type Ending, startAttempt } from './startAttempt.ts'
import { noteSubscription } from './subscriptions.ts'
import { type Connection, socketRules, type WebSocketOptions } from './types.ts'

/** The close codes and the statuses of a refused handshake that mean a wrong key. */
const badKey = [401, 403, 1008, 4401, 4403]

/**
 * Opens a WebSocket that reconnects by itself, and returns at once. Errors and logs don't show its URL. A WebSocket of a
 * browser can't set headers, so there the key is in the query of the URL. A proxy, or `url`, can avoid that.
 *
 * @throws {@link ArgumentError} if an option is wrong. Later errors reach `onError`, `opened` and iteration:
 * {@link NetworkError}, {@link TimeoutError}, {@link ArgumentError}, or the errors of your own functions.
 *
 * @example
 * ```ts
 * const connection = connectWebSocket(client, { onClose: ({ code, final }) => console.log(code, final) })
 * for await (const message of connection) {
 *   if (message.type === 'run_status_update') console.log(message.data)
 * }
 * ```
 */
export function connectWebSocket(client: Client, options: WebSocketOptions = {}): Connection {
  checkOptions(options, socketRules)
  const { logger } = reveal(client)
  const { url, reconnect = true, reconnectInterval = 5000, maxReconnectAttempts = 5, onError } = options
  const isFixed = typeof url !== 'function'
  if (isFixed && url !== undefined) readUrl(client, url)
  // The signal is derived, because a caller may share one signal, and Node warns at its eleventh listener.
  const signal = options.signal && AbortSignal.any([options.signal])
  const runIds = new Map<unknown, number>()
  /** The runs with waits, also those whose subscription the caller has taken back. */
  const watched = new Set<string>()
  const feed = createFeed((error) => call(onError, error))
  let attempt: Attempt | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let connected = false
  let wasOpen = false
  let failures = 0
  /** Whether the connection stays closed. */
  let isFinal = false

  let settle!: { resolve: () => void; reject: (error: unknown) => void }
  const whenOpened = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  whenOpened.catch(() => {})

  const call = async <T>(callback: ((value: T) => unknown) | undefined, value: T): Promise<void> => {
    try {
      await callback?.(value)
    } catch (error) {
      // An error of `onError` itself has nobody left to handle it.
      if ((callback as unknown) !== onError) call(onError, error)
    }
  }
  const log = async (level: 'info' | 'warn', message: string) => {
    try {
      await logger?.[level](message)
    } catch {}
  }

  const opened = () => {
    const isAgain = wasOpen
    const took = failures
    connected = wasOpen = true
    failures = 0
    log('info', 'WebSocket connection established')
    for (const runId of runIds.keys()) {
      attempt?.send({ type: 'client_event', data: { action: 'subscribe', runId } })
    }
    settle.resolve()
    call(options.onOpen, undefined)
    if (isAgain && connected) call(options.onReconnect, took)
  }

  const message = (message: unknown) => {
    call(options.onMessage, message)
    feed.push(message)
  }

  /** Ends the long pauses that waits make while updates come. */
  const disconnect = () => {
    const wasConnected = connected
    connected = false
    if (wasConnected) for (const runId of watched) call(publish, runId)
  }

  /** Rejects `opened` if it is still pending. Ends the iterations and the listeners. */
  const finish = (failure?: Failure) => {
    isFinal = true
    signal?.removeEventListener('abort', abort)
    settle.reject(failure ? failure.error : new NetworkError('The WebSocket was closed before it was open'))
    feed.end(failure)
  }

  /** Called after a close or a failed attempt. Plans the next attempt, or ends the connection for good. */
  const ended = (how: Ending, error?: unknown, isHopeless?: boolean) => {
    disconnect()
    // `onError` comes before all decisions, because it may close the connection.
    if (error) call(onError, error)
    attempt = undefined
    const level = isFinal ? 'info' : 'warn'
    const isRefused = isFixed && badKey.includes(how.code)
    if (!isFinal && (!reconnect || isRefused || isHopeless || failures >= maxReconnectAttempts)) {
      const why = isRefused ? ': is the key right?' : ' and stays closed'
      const final = new NetworkError(`The WebSocket closed (${how.code})${why}`, { cause: error })
      finish({ error: isHopeless ? error : final })
    }
    if (!isFinal) timer = startTimer(start, reconnectPause(reconnectInterval, failures++))
    log(level, `WebSocket closed (${how.code})${isFinal ? '' : `, attempt ${failures} follows`}`)
    call(options.onClose, { ...how, final: isFinal })
  }

  const stop = (code: number, reason: string, failure?: Failure) => {
    if (isFinal) return
    finish(failure)
    disconnect()
    clearTimeout(timer)
    if (attempt) attempt.close(code, reason)
    else ended({ code, reason, wasClean: true })
  }
  const abort = () => stop(1000, '', { error: signal!.reason })

  const start = () => {
    attempt = startAttempt(client, options, {
      opened,
      message,
      error: (error) => call(onError, error),
      ended,
    })
  }

  const send = (message: unknown) => {
    try {
      return noteSubscription(runIds, message) ? !!attempt?.send(message) : connected
    } catch {
      return false
    }
  }

  const { watch, publish } = createWatch(
    client,
    () => connected,
    (runId, isWanted) => {
      watched[isWanted ? 'add' : 'delete'](runId)
      send({ type: 'client_event', data: { action: isWanted ? 'subscribe' : 'unsubscribe', runId } })
    },
  )

  feed.listen((message) => {
    const { type, data } = Object(message)
    const { run_id, _id = run_id } = Object(data)
    if (type === 'run_status_update') publish(_id, data)
  })

  const connection: Connection = {
    send,
    close(code = 1000, reason = '') {
      const isLegal = code === 1000 || (Number.isInteger(code) && code > 2999 && code < 5000)
      const isShort = new TextEncoder().encode(reason).length < 124
      stop(isLegal ? code : 1000, isShort ? `${reason}` : '')
    },
    get connected() {
      return connected
    },
    opened: whenOpened,
    listen: feed.listen,
    watch,
    [Symbol.asyncIterator]: () => feed[Symbol.asyncIterator](),
  }

  if (signal?.aborted) queueMicrotask(abort)
  else start()
  signal?.addEventListener('abort', abort)
  return connection
}

/** The longest pause before a reconnect without its jitter, in ms, unless the caller's interval is longer. */
const maxPauseMs = 30_000

/** The pause before a reconnect doubles with each failure, up to a limit. Jitter keeps clients from reconnecting all at once. */
function reconnectPause(intervalMs: number, failures: number): number {
  const pauseMs = Math.min(intervalMs * 2 ** failures, Math.max(maxPauseMs, intervalMs))
  return pauseMs * (0.75 + Math.random() / 2)
}
