import { toRetryMs } from '../internal/answer.ts'
import { backOff, transient } from '../internal/request.ts'
import { startTimer, untilAborted } from '../internal/timers.ts'
import { isObject } from '../internal/values.ts'
import { isEnded, isWaiting, toRun } from '../run.ts'
import type { Client, PushConnection, RunUpdate, RunWatch } from '../types.ts'
import { readPod } from './forward.ts'
import { refuse } from './routes.ts'

/** Polls one run for all its readers. */
export interface RunPoller {
  /**
   * Resolves after the first poll. If the pod refused that poll, the value is the answer to readers, and the poller has
   * stopped. Rejects with the errors of the client's `headers`.
   */
  readonly first: Promise<Response | undefined>
  /** Aborted when the last reader has left. */
  readonly signal: AbortSignal
  /** The newest state. Missing only before the first poll, and after a refusal of the first poll. */
  readonly state: RunUpdate | undefined
  /** Whether the state is final: the run has ended, or the pod refuses further polls. */
  readonly isOver: boolean
  /** The group of the run in the newest answer. A pod may learn the group late. */
  groupId(): unknown
  /**
   * Adds a reader: calls `onChange` at each change and at the end. Returns the function that removes the reader. The polls stop
   * with the last reader.
   */
  join(onChange: () => void): () => void
}

/** The pause between two polls, in ms. */
const pollMs = 1000
/** The longest `Retry-After` that is obeyed, in ms, because readers wait meanwhile. */
const maxRetryMs = 300_000
/** The longest status, in characters. A longer text is cut. */
const maxLength = 100

/** Polls a run until it ends or the last reader leaves. Then it calls `onStop`. */
export function createRunPoller(
  client: Client,
  runId: string,
  push: PushConnection | undefined,
  onStop: () => void,
): RunPoller {
  const readers = new Set<() => void>()
  const controller = new AbortController()
  const { signal } = controller
  let groupId: unknown
  let state: RunUpdate | undefined
  let watch: RunWatch | undefined
  let isOver = false
  let hasNews = false
  let wake = () => {}

  const notify = () => {
    for (const onChange of readers) onChange()
  }
  const stop = () => {
    if (isOver) return
    isOver = true
    onStop()
    watch?.stop()
    notify()
  }

  /** The connection gives a whole URL, and the pod a path. Readers get the path, which fits the proxy, too. */
  const show = ({ status, progress, position, node, preview }: RunUpdate) => {
    preview = /\/api\/v1\/runs\/[^/]+\/preview\?.*/.exec(preview!)?.[0]
    const { status: before, ...last } = state ?? {}
    if (status === before) {
      // Within one status the progress never goes back.
      const most = Math.max(progress ?? -1, last.progress ?? -1)
      progress = most < 0 ? undefined : most
      position ??= last.position
      preview ??= last.preview
    }
    state = { status, progress, position, node, preview }
    notify()
  }

  /** A push shows progress only. The status of a push is a hint, and its news is a reason to poll. */
  const onUpdate = ({ status = state?.status, ...more }: RunUpdate, isNews: boolean) => {
    if (!isEnded(status) && isWaiting(status) === isWaiting(state?.status)) {
      show({ ...more, status: state?.status })
    }
    if (!isNews) return
    hasNews = true
    wake()
  }

  /** Reads the run and shows its state. Gives the answer to readers if there is no run. */
  const poll = async () => {
    const { podStatus, refusal, value } = await readPod(
      client,
      `/api/v1/runs/${runId}`,
      {},
      signal,
      client.timeoutMs,
    )
    const { data } = value ?? {}
    if (!isObject(data)) {
      return { podStatus, refusal: refusal ?? refuse(502, 'The pod gave no usable answer') }
    }
    const run = toRun(data)
    show({ ...run, preview: data.preview as string, status: run.status.slice(0, maxLength) })
    groupId = data.group_id
    return { podStatus }
  }

  const rest = (ms: number, isRequested: boolean) =>
    untilAborted<void>(signal, (resolve) => {
      const end = () => resolve()
      const timer = startTimer(end, ms)
      // News does not end a pause that the pod has requested.
      if (!isRequested) wake = end
      if (hasNews) wake()
      return () => {
        clearTimeout(timer)
        wake = () => {}
      }
    })

  const pollUntilEnd = async () => {
    let failures = 0
    let ms = watch?.pauseMs(pollMs) ?? pollMs
    let isRequested = false
    while (!isEnded(state?.status)) {
      await rest(ms, isRequested)
      hasNews = isRequested = false
      const { refusal, podStatus } = await poll()
      if (refusal) {
        if (podStatus > 299 && podStatus < 500 && !transient.includes(podStatus)) return
        const retryMs = Math.min(toRetryMs(refusal.headers.get('retry-after')) ?? 0, maxRetryMs)
        isRequested = retryMs > 0
        ms = Math.max(retryMs, pollMs + backOff(client, ++failures))
      } else {
        failures = 0
        ms = watch?.pauseMs(pollMs) ?? pollMs
      }
    }
  }

  const start = async () => {
    const { refusal } = await poll()
    if (refusal || isEnded(state?.status)) stop()
    if (!isOver) {
      watch = push?.watch(runId, onUpdate)
      pollUntilEnd().then(stop, stop)
    }
    return refusal
  }
  const first = start()
  first.catch(stop)

  return {
    first,
    signal,
    get state() {
      return state
    },
    get isOver() {
      return isOver
    },
    groupId: () => groupId,
    join(onChange) {
      // A reader may join twice with the same function.
      const own = () => onChange()
      readers.add(own)
      return () => {
        readers.delete(own)
        if (readers.size) return
        controller.abort()
        stop()
      }
    },
  }
}
