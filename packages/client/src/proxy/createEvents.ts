import { isWorkerd } from '../internal/runtime.ts'
import { startTimer, untilAborted } from '../internal/timers.ts'
import { isDone, isFailed, isWaiting } from '../run.ts'
import type { Client, PushConnection, RunUpdate } from '../types.ts'
import { createRunPoller, type First, type RunPoller } from './createRunPoller.ts'
import { type OrRefusal, safeHeaders } from './routes.ts'

/**
 * Answers a request for the events of a run. `keep` gets the pod's first answer about the run. It gives the refusal for
 * callers of a group that can't see the run. It is called once for all callers of a group at a time, and not again after
 * it has allowed them.
 */
type Events = (
  runId: string,
  request: Request,
  groupId: string | undefined,
  keep: (first: OrRefusal<First>, signal: AbortSignal) => Promise<Response | undefined>,
) => Promise<Response>

/** Makes events of the states of runs. All readers of a run share one watcher. */
export function createEvents(
  client: Client,
  push: PushConnection | undefined,
  maxDurationMs: number,
): Events {
  const watchers = new Map<string, RunPoller>()
  /** The bodies of refusals. */
  const texts = new WeakMap<Response, Promise<string>>()

  /** Each reader gets its own answer. Clones of one answer depend on each other, and thousands of them break. */
  const copy = async (refusal: Response) => {
    if (!texts.has(refusal)) texts.set(refusal, refusal.text())
    return new Response(await texts.get(refusal), refusal)
  }

  const watch = (runId: string): RunPoller => {
    // A Worker can't await what another request began.
    if (isWorkerd()) return createRunPoller(client, runId, undefined, () => {})
    let watcher = watchers.get(runId)
    if (!watcher) {
      watcher = createRunPoller(client, runId, push, () => watchers.delete(runId))
      watchers.set(runId, watcher)
    }
    return watcher
  }

  return async (runId, request, groupId, keep) => {
    const { signal, headers } = request
    signal.throwIfAborted()
    const watcher = watch(runId)
    const { first, refusals } = watcher
    const leave = watcher.join(() => {})
    try {
      let refusal = refusals.get(groupId)
      if (!refusal) {
        const forget = () => refusals.delete(groupId)
        // Derived: Node warns where many listen to one.
        const signal = AbortSignal.any([watcher.signal])
        refusal = first.then(async (given) => (await keep(given, signal)) ?? given.refusal)
        refusals.set(groupId, refusal)
        refusal.then((no) => no && forget(), forget)
      }
      const no = await untilAborted<Response | undefined>(signal, (resolve, reject) => {
        refusal.then(resolve, reject)
        return undefined
      })
      if (no) return await copy(no)
      const last = headers.get('last-event-id')?.split(' ')[0]
      // An `EventSource` asks again and again, unless the answer is this.
      if (isDone(last) || isFailed(last)) return new Response(null, { status: 204, headers: safeHeaders })
      return new Response(streamStates(runId, watcher, signal, maxDurationMs), {
        headers: {
          ...safeHeaders,
          'content-type': 'text/event-stream',
          'cache-control': 'no-store, no-transform',
          // nginx would hold the events back.
          'x-accel-buffering': 'no',
        },
      })
    } finally {
      leave()
    }
  }
}

/** Servers between may end a connection that is silent for longer, in ms. */
const pingMs = 15_000

/**
 * The states of a run as server-sent events, the present one first. It ends with the run, after `maxDurationMs`, and when
 * its reader leaves. A slow reader gets the newest state only.
 */
function streamStates(
  runId: string,
  watcher: RunPoller,
  signal: AbortSignal,
  maxDurationMs: number,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let sent = ''
  /** The reader waits for more. */
  let isWanted = false
  let release: () => void
  let flush: () => void

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let pinger: ReturnType<typeof setTimeout>
        const end = () => {
          release()
          controller.close()
        }
        const send = (text: string) => {
          isWanted = false
          controller.enqueue(encoder.encode(text))
        }
        const ping = () => {
          pinger = startTimer(ping, pingMs)
          if (isWanted) send(': ping\n\n')
        }
        flush = () => {
          const event = toEvent(runId, watcher.state!)
          if (isWanted && event !== sent) {
            sent = event
            send(event)
          } else if (watcher.isOver && event === sent) end()
        }
        const leave = watcher.join(() => flush())
        const timer = startTimer(end, maxDurationMs)
        ping()
        release = () => {
          flush = () => {}
          clearTimeout(pinger)
          clearTimeout(timer)
          signal.removeEventListener('abort', end)
          leave()
        }
        signal.addEventListener('abort', end)
        if (signal.aborted) end()
      },
      pull() {
        isWanted = true
        flush()
      },
      cancel: () => release(),
    },
    // Nothing is made before it is wanted.
    { highWaterMark: 0 },
  )
}

function toEvent(runId: string, { status = '', progress, position, node }: RunUpdate): string {
  const isEnd = isDone(status) || isFailed(status)
  const detail = isEnd ? undefined : isWaiting(status) ? position : progress
  // What the pod sends as a word must not become a line of its own.
  const id = [status.replace(/[^\w.-]/g, '_'), detail].join(' ').trim()
  return `id: ${id}\ndata: ${JSON.stringify({ run_id: runId, status, progress, position, node })}\n\n`
}
