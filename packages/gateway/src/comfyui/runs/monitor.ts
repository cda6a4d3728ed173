import { type Engine, isEnded, type Run } from '../../engine.ts'
import { createLruCache } from '../../lruCache.ts'
import { forEach, hasOwnTimers } from '../../runtime.ts'
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

export function createMonitor(comfy: ComfyServer): RunMonitor {
  const listeners = new Set<(run: Run) => void>()
  /** The number of followers of each run; 0 if only its end must be recorded. */
  const followers = new Map<string, number>()
  /** When somebody asked for a run last. */
  const polled = createLruCache<number>(1_000)
  const sockets = new Map<string, () => void>()
  /** The last state of each run that listeners heard. */
  const latest = createLruCache<{ step: number; state: string }>(5_000)
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false

  function emit(run: Run | undefined): void {
    if (!run) return
    const { id, status, progress, position, node } = run
    const step = isEnded(status) ? 2 : status === 'running' ? 1 : 0
    if (step === 2) forget(id)
    const state = JSON.stringify([status, progress, position, node])
    const last = latest.get(id)
    // An answer may be older than a message of the socket; and listeners hear nothing after an end.
    if (last && (last.step > step || last.step === 2 || last.state === state)) return
    latest.set(id, { step, state })
    for (const listener of [...listeners]) listener(run)
  }

  function silence(id: string): void {
    sockets.get(id)?.()
    sockets.delete(id)
  }

  function forget(id: string): void {
    if (followers.get(id) === 0) followers.delete(id)
    silence(id)
  }

  const isOver = (id: string): boolean => latest.get(id)?.step === 2

  const isFollowed = (id: string): boolean =>
    followers.get(id)! > 0 || Date.now() - (polled.get(id) ?? 0) < POLL_MS

  async function checkRun(id: string, maxAgeMs?: number): Promise<void> {
    const run = await findRun(comfy, id, maxAgeMs)
    if (!run) return forget(id)
    emit(run)
    const isNear = !isEnded(run.status) && (run.position ?? 0) <= 1
    if (isNear && isFollowed(id) && !sockets.has(id)) listen(run)
  }

  /** One socket a run: of two with one id, ComfyUI silences the second when the first one closes. */
  function listen(run: Run): void {
    const { id } = run
    const submitted = comfy.records.cachedRun(id)
    if (!submitted || closed) return
    const onMessage = createProgress(submitted, run.progress)
    let greeted = false
    const close = openSocket(`${comfy.client.socketUrl}/ws?clientId=${id}`, (type, data) => {
      const news = onMessage(type, data)
      // The socket is a hint: the server's history says how a run ended. Messages before the greeting do not come again.
      if (news === 'ended' || (type === 'status' && !greeted)) {
        greeted = true
        return void checkRun(id, 0).catch(() => {})
      }
      if (!news) return
      comfy.progress.set(id, news)
      emit({ ...run, status: 'running', position: undefined, ...news })
    })
    sockets.set(id, close)
  }

  async function checkAll(): Promise<void> {
    const queue = await comfy.readQueue().catch((error) => {
      // Of a server that has been away for too long, each run is lost.
      if (comfy.client.awayForMs() < comfy.lostAfterMs) throw error
    })
    const waiting = new Set(queue?.items.map(({ id }) => id))
    const due = [...followers.keys()].filter((id) => {
      if (isOver(id)) return false
      if (isFollowed(id)) return true
      silence(id)
      // Of a run that nobody follows, only the end is of interest.
      return !waiting.has(id)
    })
    await forEach(due, (id) => checkRun(id).catch(() => {}))
  }

  function schedule(): void {
    if (closed || [...followers.keys()].every(isOver)) return
    timer ??= setTimeout(async () => {
      await checkAll().catch(() => {})
      timer = undefined
      schedule()
    }, EVERY_MS)
    if (typeof timer !== 'object') return
    // Nothing but the wish to see an end must not keep a process alive.
    if ([...followers.values()].some((count) => count > 0)) timer.ref?.()
    else timer.unref?.()
  }

  function keep(id: string): void {
    if (!hasOwnTimers() || !('unref' in Object(setTimeout(() => {})))) return
    followers.set(id, followers.get(id) ?? 0)
    schedule()
  }

  return {
    watch(listener) {
      const own = (run: Run): void => listener(run)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    follow(id) {
      const others = followers.get(id) ?? 0
      followers.set(id, others + 1)
      // What others follow is looked at anyway.
      if (others === 0) void checkRun(id).catch(() => {})
      schedule()
      let over = false
      return () => {
        if (over) return
        over = true
        const left = followers.get(id)! - 1
        followers.set(id, left)
        if (left > 0) return
        silence(id)
        if (typeof timer !== 'object') followers.delete(id)
      }
    },
    watchForEnd: keep,
    noteRun(run) {
      emit(run)
      if (run?.status !== 'running') return
      polled.set(run.id, Date.now())
      if (!sockets.has(run.id)) keep(run.id)
    },
    close() {
      closed = true
      clearTimeout(timer)
      for (const close of sockets.values()) close()
      listeners.clear()
    },
  }
}
