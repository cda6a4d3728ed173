// Streams the states of a run as server-sent events.
import { type Caller, isEnded, type Run } from '../../engine.ts'
import { lazyStream, onAbort, within } from '../../runtime.ts'
import type { Dialect } from '../operations.ts'
import { runUpdate } from '../runJson.ts'
import type { ApiRequest, RunningApi } from '../types.ts'
import { findRun } from './wait.ts'

export const EVENT_STREAM: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  // nginx would hold the events back.
  'x-accel-buffering': 'no',
}

/** The states of a run as server-sent events, until the run has ended. */
export async function connectEvents(call: ApiRequest): Promise<Response> {
  const { api, caller, request, id } = call
  const run = await findRun(call, id)
  // After the end of a run, an EventSource connects again, unless the answer is 204.
  if (isEnded(request.headers.get('last-event-id') ?? '')) return new Response(null, { status: 204 })
  return new Response(streamRun(api, caller, run, request.signal), { headers: EVENT_STREAM })
}

/** Proxies and clients give up a connection that is silent for long. */
const PING_MS = 15_000
/** If the engine has no `watch`, a stream reads the run at this interval, and ends after `MOST_READS` reads. */
const READ_EVERY_MS = 2_000
const MOST_READS = 150

/**
 * The events of a run: its present state, then each change, until it has ended. A slow reader gets the newest state only.
 * Nothing listens before the first read, so an answer that nobody reads leaves nothing behind.
 */
function streamRun(
  { engine, dialect, streams, previewOf }: RunningApi,
  caller: Caller,
  known: Run,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let latest = known
  /** The state of the latest run, until the reader takes it. */
  let news: string | undefined
  let sent: string | undefined
  let wake = (): void => {}
  /** They end the watches of this stream, which begin with its first read. */
  let stops: ((() => void) | undefined)[] | undefined
  let isOver = false
  let reads = 0
  let reading: Promise<void> | undefined

  function begin(): void {
    stops = []
    if (isEnded(known.status) || streams.isOver(caller) || signal.aborted) {
      onRun(known)
      end()
      return
    }
    const unwatch = engine.watch?.(onRun, known.id)
    const unfollow = engine.follow?.(known.id)
    stops = [unwatch, unfollow, streams.join(caller, end), onAbort(signal, end)]
    void readRun()
  }

  function end(): void {
    if (isOver) return
    isOver = true
    for (const stop of stops ?? []) stop?.()
    wake()
  }

  function onRun(run: Run): void {
    if (run.id !== known.id || isOver) return
    latest = run
    // The link to the picture is signed when the reader takes the event.
    const state = eventOf(dialect, run) + (run.preview ?? '')
    news = state === sent ? undefined : state
    if (isEnded(run.status)) end()
    else if (news) wake()
  }

  /** One read at a time, so that an older answer never comes after a newer one. */
  const readRun = (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }

  async function read(): Promise<void> {
    // After a failed read the stream goes on: later changes bring the state.
    const run = await engine.getRun(known.id).catch(() => latest)
    if (!run) return end()
    // A change that came meanwhile is newer than this answer.
    if (!engine.watch || (!news && !sent)) onRun(run)
    if (!engine.watch && ++reads === MOST_READS) end()
  }

  return lazyStream(async (controller) => {
    if (!stops) begin()
    const step = engine.watch ? PING_MS : READ_EVERY_MS
    for (let waited = 0; waited < PING_MS && !news && !isOver; waited += step) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      await within(woken, step)
      if (!engine.watch && !news && !isOver) await readRun()
    }
    if (!news && isOver) return controller.close()
    const taken = news
    news = undefined
    sent = taken ?? sent
    const event = !taken
      ? ': ping\n\n'
      : latest.preview === undefined
        ? taken
        : eventOf(dialect, latest, await previewOf(latest))
    controller.enqueue(encoder.encode(event))
    if (isOver && !news) controller.close()
  }, end)
}

/** The id names the state. An event without a name is a `message` for a browser's EventSource. */
function eventOf(dialect: Dialect, run: Run, preview?: string): string {
  const { status, progress, position } = run
  const detail = status === 'running' ? progress : status === 'queued' ? position : undefined
  const id = detail === undefined ? status : `${status} ${detail}`
  return `id: ${id}\ndata: ${JSON.stringify(runUpdate(dialect, run, preview))}\n\n`
}
