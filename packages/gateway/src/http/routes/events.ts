// Streams the states of a run as server-sent events.
import { type Caller, isEnded, maySee, type Run } from '../../engine.ts'
import { onAbort } from '../../runtime.ts'
import { failure } from '../answers.ts'
import type { Dialect } from '../operations.ts'
import { runUpdate } from '../runJson.ts'
import type { ApiRequest, RunningApi } from '../types.ts'

export const EVENT_STREAM: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  // nginx would hold the events back.
  'x-accel-buffering': 'no',
}

/** The states of a run as server-sent events, until the run has ended. */
export async function connectEvents({ api, caller, request, id }: ApiRequest): Promise<Response> {
  const run = await api.engine.getRun(id)
  if (!run || !maySee(caller, run.owner)) return failure(api.dialect, 404, 'Run not found')
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
  /** The newest state, until the reader takes it. */
  let news: { readonly run: Run; readonly state: string } | undefined
  let sent: string | undefined
  let wake = (): void => {}
  let stop: (() => void) | undefined
  let isOver = false
  let reads = 0

  function begin(): void {
    stop = () => {}
    if (isEnded(known.status) || streams.isOver(caller) || signal.aborted) {
      onRun(known)
      end()
      return
    }
    const unwatch = engine.watch?.(onRun, known.id)
    const unfollow = engine.follow?.(known.id)
    const leave = streams.join(caller, end)
    const forget = onAbort(signal, end)
    stop = () => {
      unwatch?.()
      unfollow?.()
      leave()
      forget()
    }
    void readRun()
  }

  function end(): void {
    if (isOver) return
    isOver = true
    stop?.()
    wake()
  }

  function onRun(run: Run): void {
    if (run.id !== known.id || isOver) return
    // The link to the picture is signed when the reader takes the event.
    const state = eventOf(dialect, run) + (run.preview ?? '')
    news = state === sent ? undefined : { run, state }
    if (isEnded(run.status)) end()
    else if (news) wake()
  }

  async function readRun(): Promise<void> {
    // After a failed read the stream goes on: later changes bring the state.
    const run = await engine.getRun(known.id).catch(() => known)
    if (!run) return end()
    // A change that came meanwhile is newer than this answer.
    if (!engine.watch || (!news && !sent)) onRun(run)
    if (!engine.watch && ++reads === MOST_READS) end()
  }

  /** Waits for news or the end, but no longer than `ms`. */
  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!stop) begin()
        const step = engine.watch ? PING_MS : READ_EVERY_MS
        for (let waited = 0; waited < PING_MS && !news && !isOver; waited += step) {
          await wait(step)
          if (!engine.watch && !isOver) await readRun()
        }
        if (!news && isOver) return controller.close()
        const taken = news
        news = undefined
        if (taken) sent = taken.state
        const event = !taken
          ? ': ping\n\n'
          : taken.run.preview === undefined
            ? taken.state
            : eventOf(dialect, taken.run, await previewOf(taken.run))
        controller.enqueue(encoder.encode(event))
        if (isOver && !news) controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}

/** The id names the state. An event without a name is a `message` for a browser's EventSource. */
function eventOf(dialect: Dialect, run: Run, preview?: string): string {
  const { status, progress, position } = run
  const detail = status === 'running' ? progress : status === 'queued' ? position : undefined
  const id = detail === undefined ? status : `${status} ${detail}`
  return `id: ${id}\ndata: ${JSON.stringify(runUpdate(dialect, run, preview))}\n\n`
}
