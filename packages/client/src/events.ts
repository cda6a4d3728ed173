import { RedirectError, TimeoutError } from './errors.ts'
import { checkOptions, isCount } from './internal/options.ts'
import { addressOf, backOff, request, transient } from './internal/request.ts'
import { hide, reveal } from './internal/secrets.ts'
import { sleep, withDeadline } from './internal/timers.ts'
import { parse } from './internal/values.ts'
import { createWatch } from './push.ts'
import { isEnded } from './run.ts'
import type { Client, PushConnection } from './types.ts'

/** Options of {@link connectEvents}. */
export interface EventsOptions {
  /**
   * The number of runs that have a stream at the same time. The others are polled. Over HTTP/1.1 a browser has six
   * connections to a host, for all tabs together. 0: every run is polled. Default 3.
   */
  maxStreams?: number | undefined
}

/** A connection for `push`. It has a stream for each run that you wait for, up to `maxStreams`. */
export interface EventsConnection extends PushConnection {
  /** Ends all streams for good. The waits continue with polls. */
  close(): void
}

/** A stream that is silent for this time, in ms, is opened again. Servers send a comment every 15 s. */
const silentMs = 45_000
/** The shortest pause until a stream is opened again, in ms. */
const pauseMs = 1000
/** A stream that lasted for this time, in ms, has not failed. */
const lastingMs = 5000
/**
 * After more than this number of 404s and time-outs in a row, the server counts as one without events. A single 404 may
 * mean that the run is too new.
 */
const maxFailures = 3

/**
 * Reads the events of runs, `GET /api/v1/runs/{id}/events`, for `push`. `createProxyHandler`, the gateway and the emulator
 * serve them. A run has a stream while you wait for it, and a broken stream is opened again. Make one connection for
 * each client, and keep it. On Workers make one in each request.
 *
 * If the server has no events, the runs are polled, and a warning is logged once.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if an option is wrong. When a stream fails, the run is polled.
 *
 * @example
 * ```ts
 * const events = connectEvents(client)
 * const { outputs } = await executeWorkflowAsync(client, 'bncu0a1kipv', { text_51536: 'a red fox' }, {
 *   push: events,
 *   onProgress: ({ status, progress }) => console.log(status, progress),
 * })
 * console.log(outputs.length)
 * events.close()
 * ```
 */
export function connectEvents(client: Client, options: EventsOptions = {}): EventsConnection {
  const secrets = reveal(client)
  checkOptions(options, { maxStreams: isCount })
  // Failures are not logged, because the polls of the waits report them.
  const own = hide({ ...client, maxRetries: 0 }, { ...secrets, logger: undefined })
  /** The runs with waits, and the controllers that end their streams. `undefined` means that the run waits for a place. */
  const runs = new Map<string, AbortController | undefined>()
  /** The runs whose events come now. */
  const live = new Set<string>()
  /** The number of free places for streams. After `close()` there are none. */
  let { maxStreams: free = 3 } = options
  /** Whether the server has sent events. */
  let isServed = false

  const close = () => {
    free = -Infinity
    live.clear()
    for (const stream of runs.values()) stream?.abort()
  }

  /** Reads a stream of a run until it ends. Returns whether the run has ended. */
  const read = async (runId: string, signal: AbortSignal): Promise<boolean> => {
    const url = addressOf(client, `/api/v1/runs/${encodeURIComponent(runId)}/events`)
    const { body, headers } = (await request(own, url, { options: { signal } })) as unknown as Response
    const reader = body?.getReader()
    const readEvents = createEventReader()
    try {
      // Some servers answer every address with a page, and some runtimes have no streams.
      if (!reader || !/event-stream/.test(headers.get('content-type')!)) throw { status: 406 }
      for (;;) {
        const { value } = (await withDeadline(silentMs, signal, () => reader.read())) ?? {}
        if (!value) return false
        isServed = true
        live.add(runId)
        for (const event of readEvents(value)) {
          const { run_id, status } = Object(event)
          if (run_id !== runId) continue
          publish(runId, event)
          if (isEnded(status)) return true
        }
      }
    } finally {
      reader?.cancel().catch(() => {})
      live.delete(runId)
      // Ends the long pause that the wait makes while events come.
      publish(runId)
    }
  }

  /** Opens the stream of a run again and again, until the run has ended or nobody waits for it. */
  const follow = async (runId: string) => {
    const stream = new AbortController()
    const { signal } = stream
    runs.set(runId, stream)
    free--
    try {
      for (let failures = 1; ; failures++) {
        const start = Date.now()
        let afterMs = pauseMs
        try {
          if (await read(runId, signal)) break
        } catch (error) {
          const { status = 0, retryAfterMs = 0 } = Object(error)
          const isMissing =
            status === 404 || error instanceof TimeoutError
              ? failures > maxFailures
              : error instanceof RedirectError || ![401, ...transient].includes(status)
          if (isMissing && !isServed && !signal.aborted) {
            close()
            await secrets.logger?.warn('The server has no events of runs: polling')
          }
          afterMs += retryAfterMs
        }
        if (isServed && Date.now() - start > lastingMs) failures = 1
        await sleep(afterMs + backOff(client, failures), signal)
      }
    } catch {}
    free++
    fill()
  }

  const fill = () => {
    for (const [runId, stream] of runs) {
      if (free < 1) break
      if (!stream) follow(runId)
    }
  }

  const { watch, publish } = createWatch(
    client,
    (runId) => live.has(runId),
    (runId, isWanted) => {
      runs.get(runId)?.abort()
      if (isWanted) runs.set(runId, undefined)
      else runs.delete(runId)
      fill()
    },
  )
  return {
    get connected() {
      return live.size > 0
    },
    watch,
    close,
  }
}

/** The longest event of a run, in characters. A longer text is dropped. */
const maxLength = 65_536

/**
 * Makes a function that takes a stream of server-sent events piece by piece. It gives the data of the events that are complete
 * with this piece.
 */
function createEventReader(): (piece: Uint8Array) => unknown[] {
  const decoder = new TextDecoder()
  let rest = ''
  return (piece) => {
    const events = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n\r?\n|\r\r/)
    rest = events.pop()!
    if (rest.length > maxLength) rest = ''
    // Only the text after `data:` of each event is kept.
    return events.map((event) => parse(event.replace(/([\r\n]|^)(data:|[^\r\n]*)/g, '$1')))
  }
}
