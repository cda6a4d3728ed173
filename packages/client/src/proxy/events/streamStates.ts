import { startTimer } from '../../internal/timers.ts'
import { isDone, isFailed, isWaiting } from '../../run.ts'
import type { RunUpdate } from '../../types.ts'
import type { Watcher } from '../createRunPoller.ts'

/** Servers between may end a connection that is silent for longer, in ms. */
const pingMs = 15_000

/**
 * The states of a run as server-sent events, the present one first. It ends with the run, after `maxDurationMs`, and when
 * its reader leaves. A slow reader gets the newest state only.
 */
export function streamStates(
  runId: string,
  watcher: Watcher,
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
