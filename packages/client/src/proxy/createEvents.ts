import { isWorkerd } from '../internal/runtime.ts'
import { startTimer, untilAborted } from '../internal/timers.ts'
import { isEnded, isWaiting } from '../run.ts'
import type { Client, PushConnection, RunUpdate } from '../types.ts'
import { createRunPoller, type RunPoller } from './createRunPoller.ts'
import { keepToGroup, type ReadPod } from './keepToGroup.ts'
import { type ProxyRequest, safeHeaders } from './routes.ts'

/** Answers a request for the events of a run. `groupId` is missing for a caller who may read all runs. */
type Events = (
  proxyRequest: ProxyRequest,
  caller: Request,
  groupId: string | undefined,
  readWith: (signal: AbortSignal) => ReadPod,
) => Promise<Response>

/** A run with readers. */
interface ReadRun {
  readonly poller: RunPoller
  /** The answers to groups whose callers must not read the run. One check is made for all callers of a group. */
  readonly refusals: Map<string | undefined, Promise<Response | undefined>>
}

/** A connection that is silent for longer, in ms, may be ended by servers in between. */
const pingMs = 15_000

/** Makes `GET …/runs/{id}/events`. All readers of a run share one poller. */
export function createEvents(
  client: Client,
  push: PushConnection | undefined,
  maxDurationMs: number,
): Events {
  const runs = new Map<string, ReadRun>()
  /** The bodies of refusals. */
  const texts = new WeakMap<Response, Promise<string>>()

  /** A copy of a refusal for each caller. Clones would depend on each other, and thousands of them break. */
  const copy = async (refusal: Response) => {
    if (!texts.has(refusal)) texts.set(refusal, refusal.text())
    return new Response(await texts.get(refusal), refusal)
  }

  const open = (runId: string): ReadRun => {
    // A Worker can't await a promise of another request, so there each reader has its own poller.
    const isShared = !isWorkerd()
    let run = runs.get(runId)
    if (!run) {
      const poller = createRunPoller(client, runId, isShared ? push : undefined, () => runs.delete(runId))
      run = { poller, refusals: new Map() }
      if (isShared) runs.set(runId, run)
    }
    return run
  }

  return async (proxyRequest, { signal, headers }, groupId, readWith) => {
    signal.throwIfAborted()
    const runId = proxyRequest.runId!
    const { poller, refusals } = open(runId)
    const leave = poller.join(() => {})

    /** The answer to a caller who must not read the run. */
    const check = async () => {
      const refusal = await poller.first
      if (groupId === undefined) return refusal
      // The signal is derived, because many checks may use it, and Node warns at its eleventh listener.
      const read = readWith(AbortSignal.any([poller.signal]))
      const kept = await keepToGroup(groupId, proxyRequest, async (path, query) => {
        if (query.page) return read(path, query)
        // The poller has read the run already.
        return refusal ? { refusal } : { value: { data: { group_id: poller.groupId() } } }
      })
      return kept.refusal
    }

    try {
      let checked = refusals.get(groupId)
      if (!checked) {
        const forget = () => refusals.delete(groupId)
        checked = check()
        refusals.set(groupId, checked)
        checked.then((refusal) => refusal && forget(), forget)
      }
      const refusal = await untilAborted<Response | undefined>(signal, (resolve, reject) => {
        checked.then(resolve, reject)
        return undefined
      })
      if (refusal) return await copy(refusal)
      const last = headers.get('last-event-id')?.split(' ')[0]
      // An `EventSource` connects again and again, until it gets a 204.
      if (isEnded(last)) return new Response(null, { status: 204, headers: safeHeaders })
      return new Response(streamStates(runId, poller, signal, maxDurationMs), {
        headers: {
          ...safeHeaders,
          'content-type': 'text/event-stream',
          'cache-control': 'no-store, no-transform',
          // Otherwise nginx collects the events before it passes them on.
          'x-accel-buffering': 'no',
        },
      })
    } finally {
      leave()
    }
  }
}

/**
 * The states of a run as server-sent events, from the present one on. The stream ends with the run, after `maxDurationMs`,
 * and when its reader leaves. A slow reader gets only the newest state.
 */
function streamStates(
  runId: string,
  poller: RunPoller,
  signal: AbortSignal,
  maxDurationMs: number,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let sent = ''
  /** Whether the reader waits for an event. */
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
          const event = toEvent(runId, poller.state!)
          if (isWanted && event !== sent) {
            sent = event
            send(event)
          } else if (poller.isOver && event === sent) end()
        }
        const leave = poller.join(() => flush())
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
    // No event is made before its reader wants it, so that it is the newest.
    { highWaterMark: 0 },
  )
}

function toEvent(runId: string, { status = '', progress, position, node, preview }: RunUpdate): string {
  const detail = isEnded(status) ? undefined : isWaiting(status) ? position : progress
  // A line break in a status of the pod would begin another line of the event.
  const id = [status.replace(/[^\w.-]/g, '_'), detail].join(' ').trim()
  const data = JSON.stringify({ run_id: runId, status, progress, position, node, preview })
  return `id: ${id}\ndata: ${data}\n\n`
}
