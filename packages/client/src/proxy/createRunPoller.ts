import { toRetryMs } from '../internal/answer.ts'
import { backOff, transient } from '../internal/request.ts'
import { startTimer, untilAborted } from '../internal/timers.ts'
import { isObject } from '../internal/values.ts'
import { isDone, isFailed, isWaiting, toRun } from '../run.ts'
import type { Client, PushConnection, RunUpdate, RunWatch } from '../types.ts'
import { forward } from './forward.ts'
import { type OrRefusal, refuse } from './routes.ts'

/** The group of the run in the pod's newest answer: a pod may send it late. */
export type First = { data: { group_id?: unknown } }

/** Knows the state of one run, for all who read it. */
export interface RunPoller {
  /** The first answer of the pod. After a refusal the watcher is over. Rejects with what the client's own headers throw. */
  readonly first: Promise<OrRefusal<First>>
  /** The refusals for callers of a group that can't see the run, by group. */
  readonly refusals: Map<string | undefined, Promise<Response | undefined>>
  /** Aborted when the last reader has left. */
  readonly signal: AbortSignal
  /** The newest state; there is one once `first` is no refusal. */
  readonly state: RunUpdate | undefined
  /** Nothing more comes: the run has ended, or the pod refuses further requests. */
  readonly isOver: boolean
  /** `reader` is called at each change, and at the end. Gives the function by which it leaves; the last one ends it all. */
  join(reader: () => void): () => void
}

/** The pause between two requests, in ms. */
const pollMs = 1000
/** The longest pause that a pod is given when it asks for one, in ms: readers wait for so long. */
const maxAskedMs = 300_000
/** A longer word is no status, in characters. */
const maxLength = 100

const isEnd = (status: string | undefined) => isDone(status) || isFailed(status)

/** Asks the pod for a run until that has ended or nobody reads any more; `ended` is called then. */
export function createRunPoller(
  client: Client,
  runId: string,
  push: PushConnection | undefined,
  ended: () => void,
): RunPoller {
  const readers = new Set<() => void>()
  const controller = new AbortController()
  const { signal } = controller
  const value: First = { data: {} }
  let state: RunUpdate | undefined
  let watch: RunWatch | undefined
  let isOver = false
  let hasNews = false
  let wake = () => {}

  const tell = () => {
    for (const reader of readers) reader()
  }
  const stop = () => {
    if (isOver) return
    isOver = true
    ended()
    watch?.stop()
    tell()
  }

  const take = ({ status, progress, position, node }: RunUpdate) => {
    const { status: before, ...last } = state ?? {}
    if (status === before) {
      // Within one state it never goes back.
      const most = Math.max(progress ?? -1, last.progress ?? -1)
      progress = most < 0 ? undefined : most
      position ??= last.position
    }
    state = { status, progress, position, node }
    tell()
  }

  /** By push: progress is shown, and news is a reason to ask. The state itself is a hint. */
  const hear = ({ status = state?.status, progress, position, node }: RunUpdate, isNews: boolean) => {
    if (!isEnd(status) && isWaiting(status) === isWaiting(state?.status)) {
      take({ status: state?.status, progress, position, node })
    }
    if (!isNews) return
    hasNews = true
    wake()
  }

  /** Takes in the state, and gives the run, or the answer in its place with the status that the pod gave. */
  const ask = async () => {
    const lookup = { operation: 'getRun', method: 'GET', path: `/api/v1/runs/${runId}`, query: {} } as const
    let podStatus = 0
    const response = await forward(client, lookup, { signal }, 0, {
      ms: client.timeoutMs,
      answered: (status) => {
        podStatus = status
      },
    })
    const { data } = Object(response.ok && (await response.json().catch(() => {})))
    if (!isObject(data)) {
      return { podStatus, refusal: response.ok ? refuse(502, 'The pod gave no usable answer') : response }
    }
    const run = toRun(data)
    take({ ...run, status: run.status.slice(0, maxLength) })
    value.data = { group_id: data.group_id }
    return { podStatus, value }
  }

  const rest = (ms: number, isAsked: boolean) =>
    untilAborted<void>(signal, (resolve) => {
      const end = () => resolve()
      const timer = startTimer(end, ms)
      // A pause that the pod asked for is not cut short.
      if (!isAsked) wake = end
      if (hasNews) wake()
      return () => {
        clearTimeout(timer)
        wake = () => {}
      }
    })

  const follow = async () => {
    let failures = 0
    let ms = watch?.pauseMs(pollMs) ?? pollMs
    let isAsked = false
    while (!isEnd(state?.status)) {
      await rest(ms, isAsked)
      hasNews = isAsked = false
      const { refusal, podStatus } = await ask()
      if (refusal) {
        if (podStatus > 299 && podStatus < 500 && !transient.includes(podStatus)) return
        const askedMs = Math.min(toRetryMs(refusal.headers.get('retry-after')) ?? 0, maxAskedMs)
        isAsked = askedMs > 0
        ms = Math.max(askedMs, pollMs + backOff(client, ++failures))
      } else {
        failures = 0
        ms = watch?.pauseMs(pollMs) ?? pollMs
      }
    }
  }

  const start = async () => {
    const first = await ask()
    if (first.refusal || isEnd(state?.status)) stop()
    if (!isOver) {
      watch = push?.watch(runId, hear)
      follow().then(stop, stop)
    }
    return first as OrRefusal<First>
  }
  const first = start()
  first.catch(stop)

  return {
    first,
    refusals: new Map(),
    signal,
    get state() {
      return state
    },
    get isOver() {
      return isOver
    },
    join(reader) {
      // Of its own, so that one reader may join twice.
      const own = () => reader()
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
