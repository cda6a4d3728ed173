import { type Engine, isEnded, type Run } from '../../engine.ts'
import { createLruCache, type Memory } from '../../lruCache.ts'
import { forEach, hasOwnTimers } from '../../runtime.ts'
import type { Queue } from '../api/queue.ts'
import { createProgress, openSocket } from '../api/socket.ts'
import type { ComfyServer } from '../server.ts'
import { findRun } from './findRun.ts'

/** Hears of changes: by reading again and again, and sooner by a socket, which may fall silent at any time. */
export interface RunMonitor extends Required<Pick<Engine, 'watch' | 'follow' | 'close'>> {
  /** Sees that a run's end is written down, where the runtime has timers that keep no process alive. */
  watchForEnd(id: string): void
  /** Passes on a run that somebody read, and follows the run for a while: whoever polls a run counts as a listener. */
  noteRun(run: Run | undefined): void
}

const EVERY_MS = 1_000
/** Longer than clients usually pause between two polls. */
const POLL_MS = 15_000

interface State {
  readonly server: ComfyServer
  readonly listeners: Set<(run: Run) => void>
  readonly runs: Map<string, Followed>
  /** When somebody asked for a run last. */
  readonly polledAt: Memory<number>
  /** What listeners heard of each run last. */
  readonly emitted: Memory<{ readonly stage: number; readonly text: string }>
  timer: ReturnType<typeof setTimeout> | undefined
  closed: boolean
}

interface Followed {
  /** 0 if only the end of the run must be recorded. */
  followers: number
  closeSocket?: (() => void) | undefined
}

export function createMonitor(server: ComfyServer): RunMonitor {
  const state: State = {
    server,
    listeners: new Set(),
    runs: new Map(),
    polledAt: createLruCache(1_000),
    emitted: createLruCache(5_000),
    timer: undefined,
    closed: false,
  }
  return {
    watch(listener) {
      // A caller may pass the same function twice.
      const entry = (run: Run): void => listener(run)
      state.listeners.add(entry)
      return () => void state.listeners.delete(entry)
    },
    follow: (id) => follow(state, id),
    watchForEnd: (id) => watchForEnd(state, id),
    noteRun(run) {
      if (!run) return
      emit(state, run)
      if (run.status !== 'running') return
      state.polledAt.set(run.id, Date.now())
      if (!state.runs.get(run.id)?.closeSocket) watchForEnd(state, run.id)
    },
    close() {
      state.closed = true
      clearTimeout(state.timer)
      state.runs.forEach(closeSocket)
      state.listeners.clear()
    },
  }
}

function follow(state: State, id: string): () => void {
  const run = keep(state, id)
  run.followers++
  // A run with other followers is checked anyway.
  if (run.followers === 1) void checkRun(state, id).catch(() => {})
  schedule(state)
  let left = false
  return () => {
    if (left) return
    left = true
    run.followers--
    if (run.followers > 0) return
    closeSocket(run)
    if (typeof state.timer !== 'object') state.runs.delete(id)
  }
}

function watchForEnd(state: State, id: string): void {
  if (!hasOwnTimers() || !('unref' in Object(setTimeout(() => {})))) return
  keep(state, id)
  schedule(state)
}

function keep({ runs }: State, id: string): Followed {
  const run = runs.get(id) ?? { followers: 0 }
  runs.set(id, run)
  return run
}

function forget({ runs }: State, id: string): void {
  const run = runs.get(id)
  if (!run) return
  closeSocket(run)
  if (run.followers === 0) runs.delete(id)
}

function closeSocket(run: Followed): void {
  run.closeSocket?.()
  run.closeSocket = undefined
}

function schedule(state: State): void {
  const { runs } = state
  if (state.closed || [...runs.keys()].every((id) => isOver(state, id))) return
  state.timer ??= setTimeout(async () => {
    await checkAll(state).catch(() => {})
    state.timer = undefined
    schedule(state)
  }, EVERY_MS)
  if (typeof state.timer !== 'object') return
  // A process must not stay alive only to record an end.
  if ([...runs.values()].some(({ followers }) => followers > 0)) state.timer.ref?.()
  else state.timer.unref?.()
}

async function checkAll(state: State): Promise<void> {
  const { client, readQueue, lostAfterMs } = state.server
  const queue = await readQueue().catch((error): undefined => {
    // The runs of a server that has been away for too long are lost: the check of each run says so.
    if (client.awayForMs() < lostAfterMs) throw error
  })
  await forEach(dueRuns(state, queue), (id) => checkRun(state, id).catch(() => {}))
}

function dueRuns(state: State, queue: Queue | undefined): string[] {
  const queued = new Set(queue?.items.map(({ id }) => id))
  return [...state.runs].flatMap(([id, run]) => {
    if (isOver(state, id)) return []
    if (isFollowed(state, id, run)) return [id]
    closeSocket(run)
    // Of a run without followers, only the end is of interest.
    return queued.has(id) ? [] : [id]
  })
}

function isFollowed({ polledAt }: State, id: string, { followers }: Followed): boolean {
  return followers > 0 || Date.now() - (polledAt.get(id) ?? 0) < POLL_MS
}

async function checkRun(state: State, id: string, maxAgeMs?: number): Promise<void> {
  const run = await findRun(state.server, id, maxAgeMs)
  if (!run) return forget(state, id)
  emit(state, run)
  const isNear = !isEnded(run.status) && (run.position ?? 0) <= 1
  const followed = state.runs.get(id)
  if (isNear && followed && !followed.closeSocket && isFollowed(state, id, followed)) {
    listen(state, followed, run)
  }
}

const ENDED = 2

const isOver = ({ emitted }: State, id: string): boolean => emitted.get(id)?.stage === ENDED

function emit(state: State, run: Run): void {
  const { id, status, progress, position, node } = run
  const stage = isEnded(status) ? ENDED : status === 'running' ? 1 : 0
  if (stage === ENDED) forget(state, id)
  const text = JSON.stringify([status, progress, position, node])
  const last = state.emitted.get(id)
  // An answer may be older than a message of the socket; and listeners hear nothing after an end.
  if (last && (last.stage > stage || last.stage === ENDED || last.text === text)) return
  state.emitted.set(id, { stage, text })
  for (const listener of [...state.listeners]) listener(run)
}

/** One socket a run: of two with one id, ComfyUI silences the second when the first one closes. */
function listen(state: State, followed: Followed, run: Run): void {
  const { id } = run
  const { client, records, progress } = state.server
  const record = records.cachedRun(id)
  if (!record || state.closed) return
  const readMessage = createProgress(record, run.progress)
  let greeted = false
  followed.closeSocket = openSocket(`${client.socketUrl}/ws?clientId=${id}`, (type, data) => {
    const news = readMessage(type, data)
    // The socket is a hint: the server's history says how a run ended. Messages before the greeting do not come again.
    if (news === 'ended' || (type === 'status' && !greeted)) {
      greeted = true
      return void checkRun(state, id, 0).catch(() => {})
    }
    if (!news) return
    progress.set(id, news)
    emit(state, { ...run, status: 'running', position: undefined, ...news })
  })
}
