import { type Client, createClient, type HeadersSource, type Logger } from '@flowscale/client'
import { connectEvents, type EventsOptions } from '@flowscale/client/events'
import type { Clock } from '@sinonjs/fake-timers'
import { CANARY } from '../../../support/canary.ts'
import { ok } from '../../../support/fakes.ts'

/** A stream that the server of a scene has opened. */
export interface Stream {
  readonly runId: string
  /** Since the start of the scene, in ms. */
  readonly at: number
  readonly headers: Headers
  isOver: boolean
  /** Sends a state of the run as an event. */
  tell(status: string, more?: object): void
  send(text: string | Uint8Array<ArrayBuffer>): void
  end(): void
  break(): void
}

export const events = { 'content-type': 'text/event-stream' }

/** A server whose runs have the states that the test sets, and a client of it. */
export function scene(clock: Clock, options: EventsOptions = {}, logger?: Logger, headers?: HeadersSource) {
  const start = clock.now
  const streams: Stream[] = []
  /** All requests for events. */
  const opened: number[] = []
  const polled: [string, number][] = []
  const states: Record<string, string> = {}
  /** What answers a request for events in place of a stream. */
  const server: { answer?: ((runId: string) => Response | Promise<Response>) | undefined } = {}

  const open = (runId: string, { headers, signal }: RequestInit) => {
    let control!: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        control = controller
      },
      cancel: () => {
        stream.isOver = true
      },
    })
    const stream: Stream = {
      runId,
      at: clock.now - start,
      headers: new Headers(headers),
      isOver: false,
      tell: (status, more) =>
        stream.send(`id: ${status}\ndata: ${JSON.stringify({ run_id: runId, status, ...more })}\n\n`),
      send: (text) => control.enqueue(typeof text === 'string' ? new TextEncoder().encode(text) : text),
      end() {
        stream.isOver = true
        control.close()
      },
      break() {
        stream.isOver = true
        control.error(new TypeError('terminated'))
      },
    }
    signal?.addEventListener('abort', () => {
      stream.isOver = true
    })
    streams.push(stream)
    return new Response(body, { headers: events })
  }

  const client: Client = createClient({
    baseUrl: 'http://pod.test',
    apiKey: CANARY,
    logger,
    headers,
    fetch: async (url, init) => {
      const [, runId = '', isEvents] = /runs\/([^/?]+)(\/events)?$/.exec(url) ?? []
      init.signal?.throwIfAborted()
      const runOf = (id: string) => ({ _id: id, status: states[id] ?? 'running', outputs: [] })
      if (!isEvents) {
        polled.push([runId || 'list', clock.now - start])
        return ok(runId ? runOf(runId) : { runs: Object.keys(states).map(runOf) })
      }
      opened.push(clock.now - start)
      return server.answer?.(runId) ?? open(runId, init)
    },
  })
  const connection = connectEvents(client, options)
  return {
    client,
    connection,
    server,
    streams,
    opened,
    polled,
    states,
    /** Streams that are open, by their runs. */
    open: () => streams.filter(({ isOver }) => !isOver).map(({ runId }) => runId),
    /** When a run was polled. */
    polls: (runId: string) => polled.filter(([id]) => id === runId).map(([, at]) => at),
  }
}
