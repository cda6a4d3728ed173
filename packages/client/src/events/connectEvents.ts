import type { HttpError } from '../errors.ts'
import { createWatch } from '../internal/createWatch.ts'
import { isDone, isFailed, isObject, parse } from '../internal/data.ts'
import { checkOptions, isCount } from '../internal/options.ts'
import { addressOf, backOff, request } from '../internal/request.ts'
import { hide, reveal } from '../internal/secrets.ts'
import { sleep, withDeadline } from '../internal/timers.ts'
import type { Client, PushConnection } from '../types.ts'
import { createEventReader } from './readEvents.ts'

/** Options of {@link connectEvents}. */
export interface EventsOptions {
  /**
   * So many runs have a stream at a time; the others are polled. A browser opens six connections to a host over HTTP/1.1, for
   * all its tabs. Default 3.
   */
  maxStreams?: number | undefined
}

/** A connection for `push`, which has a stream for each run that is waited for. */
export interface EventsConnection extends PushConnection {
  /** Ends all streams for good. The waits go on by polls. */
  close(): void
}

/** The events of one run, as long as somebody wants them. */
interface Stream {
  wanted: number
  /** Of the stream that is open, or being opened. */
  controller?: AbortController
  isLive?: boolean
  /** The run has ended. */
  isOver?: boolean
}

/** A stream that was silent for so long, in ms, is opened anew: servers send a comment every 15 s. */
const silentMs = 45_000
/** So many times in a row may a server not know a run, until it is taken for one without events. */
const maxUnknown = 3

/**
 * Reads the events of runs, `GET /api/v1/runs/{id}/events`, for `push`: a proxy of `createProxyHandler`, the gateway and
 * the emulator serve them. A run has its stream from when a wait begins until it ends. A stream that breaks is opened
 * again. Make one for each client, and keep it.
 *
 * A server without events is polled as ever; that is logged once, at `warn`.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) for a wrong option. What fails later is made up for by polls.
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
  checkOptions(options, {
    maxStreams: (value) => (isCount(value) === true && value > 0) || 'a whole number from 1',
  })
  const { maxStreams = 3 } = options
  // Failures are no news to anybody: polls tell what is wrong.
  const own = hide({ ...client, maxRetries: 0 }, { ...secrets, logger: undefined, isPolling: true })
  const streams = new Map<string, Stream>()
  let hear: (...message: unknown[]) => void = () => {}
  let unknown = 0
  /** No stream is opened any more. */
  let isOver = false

  const end = () => {
    isOver = true
    for (const { controller } of streams.values()) controller?.abort()
    hear()
  }

  const read = async (runId: string, stream: Stream, { body }: Response, signal: AbortSignal) => {
    const reader = body!.getReader()
    const readEvents = createEventReader()
    try {
      for (;;) {
        const part = await withDeadline(silentMs, signal, () => reader.read())
        if (!part || part.done) return
        stream.isLive = true
        for (const data of readEvents(part.value)) {
          const update = parse(data)
          if (!isObject(update)) continue
          const { status } = update as { status?: string }
          stream.isOver = isDone(status) || isFailed(status)
          hear({ type: 'run_status_update', data: { ...update, run_id: runId } })
          if (stream.isOver) return
        }
      }
    } finally {
      stream.isLive = false
      reader.cancel().catch(() => {})
    }
  }

  /** Whether a failure says that this server has no events. */
  const isWithout = ({ status }: HttpError) =>
    status === 404 ? ++unknown > maxUnknown : status! > 0 && status < 500 && ![408, 425, 429].includes(status)

  const open = async (runId: string, stream: Stream) => {
    stream.controller = new AbortController()
    const { signal } = stream.controller
    for (let failures = 1; !stream.isOver && !signal.aborted; failures++) {
      let pauseMs = 0
      try {
        const answer = await request(
          own,
          addressOf(client, `/api/v1/runs/${encodeURIComponent(runId)}/events`),
          {
            options: { signal, headers: { accept: 'text/event-stream' } },
          },
        )
        const response = answer as unknown as Response
        if (!/event-stream/.test(`${response.headers.get('content-type')}`) || !response.body) {
          response.body?.cancel().catch(() => {})
          throw { status: 400 }
        }
        unknown = -Infinity
        failures = 1
        await read(runId, stream, response, signal)
      } catch (error) {
        if (signal.aborted) break
        if (isWithout(error as HttpError)) {
          const log = async () => secrets.logger?.warn('The server has no events of runs: they are polled')
          log().catch(() => {})
          return end()
        }
        pauseMs = (error as HttpError).retryAfterMs ?? 0
      }
      if (!stream.isOver) await sleep(pauseMs + backOff(client, failures), signal).catch(() => {})
    }
    delete stream.controller
    fill()
  }

  /** Opens streams, as many as there may be. */
  const fill = () => {
    if (isOver) return
    let free = maxStreams
    for (const { controller } of streams.values()) if (controller) free--
    for (const [runId, stream] of streams) {
      if (stream.controller || stream.isOver || free-- <= 0) continue
      open(runId, stream)
    }
  }

  return {
    get connected() {
      return [...streams.values()].some(({ isLive }) => isLive)
    },
    watch: createWatch(
      {
        isLive: (runId) => !!streams.get(runId)?.isLive,
        say(action, runId) {
          const stream = streams.get(runId) ?? { wanted: 0 }
          stream.wanted += action === 'subscribe' ? 1 : -1
          if (stream.wanted) streams.set(runId, stream)
          else {
            streams.delete(runId)
            stream.controller?.abort()
          }
          fill()
        },
      },
      (listener) => {
        hear = listener
        return () => {}
      },
    ),
    close: end,
  }
}
