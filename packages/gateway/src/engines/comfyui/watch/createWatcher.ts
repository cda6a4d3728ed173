import type { Run } from '../../../engine.ts'
import { createMemory } from '../records/createMemory.ts'
import { findRun } from '../runs/findRun.ts'
import type { Comfy } from '../runs/types.ts'
import { createProgress } from './createProgress.ts'
import { openSocket } from './openSocket.ts'

/** Hears of changes: by reading again and again, and sooner by a socket, which may fall silent at any time. */
export interface Watcher {
  watch(listener: (run: Run) => void): () => void
  /** Hears of each change of a run, until the function it gives is called. */
  follow(id: string): () => void
  /** Sees that a run's end is written down, where the runtime has timers that keep no process alive. */
  keep(id: string): void
  /** Tells of a run that somebody read. */
  tell(run: Run | undefined): void
  close(): void
}

const EVERY_MS = 1_000
const KEPT_EVERY_MS = 2_000

export function createWatcher(comfy: Comfy): Watcher {
  const listeners = new Set<{ listener: (run: Run) => void }>()
  const followers = new Map<string, number>()
  const kept = new Set<string>()
  const sockets = new Map<string, () => void>()
  /** What was told of each run last. */
  const told = createMemory<{ step: number; state: string }>(5_000)
  let timer: ReturnType<typeof setTimeout> | undefined
  let every = 0
  let busy = false
  let closed = false

  function tell(run: Run | undefined): void {
    if (!run) return
    const { id, status, progress, position, node } = run
    const step = run.completedAt !== null ? 2 : status === 'running' ? 1 : 0
    if (step === 2) forget(id)
    const news = { step, state: JSON.stringify([status, progress, position, node]) }
    const last = told.get(id)
    // An answer may be older than what the socket told; and an end is the last that is told.
    if (last && (last.step > step || last.step === 2 || last.state === news.state)) return
    told.set(id, news)
    for (const { listener } of [...listeners]) listener(run)
  }

  function forget(id: string): void {
    kept.delete(id)
    silence(id)
  }

  function silence(id: string): void {
    sockets.get(id)?.()
    sockets.delete(id)
  }

  async function look(id: string, maxAgeMs?: number): Promise<void> {
    const run = await findRun(comfy, id, maxAgeMs)
    if (!run) return forget(id)
    tell(run)
    if (run.completedAt === null && (run.position ?? 0) <= 1 && followers.has(id) && !sockets.has(id))
      listen(run)
  }

  /** One socket a run: of two with one id, ComfyUI silences the second when the first one closes. */
  function listen(run: Run): void {
    const { id } = run
    const submitted = comfy.records.remembered(id)
    if (!submitted || closed) return
    const hear = createProgress(submitted, run.progress)
    let greeted = false
    const close = openSocket(`${comfy.server.socketUrl}/ws?clientId=${id}`, (type, data) => {
      const news = hear(type, data)
      // The socket is a hint: how a run ended is what the server has. What came before the greeting is not told again.
      if (news === 'ended' || (type === 'status' && !greeted)) {
        greeted = true
        return void look(id, 0).catch(() => {})
      }
      if (!news) return
      comfy.progress.set(id, news)
      tell({ ...run, status: 'running', position: undefined, ...news })
    })
    sockets.set(id, close)
  }

  async function tick(): Promise<void> {
    const waiting = await readIds()
    for (const id of new Set([...followers.keys(), ...kept])) {
      // Of a run that nobody follows, only the end is of interest.
      if (followers.has(id) || !waiting.has(id)) await look(id).catch(() => {})
    }
  }

  /** What is in the queue. Where the server has been away for too long, that is nothing. */
  async function readIds(): Promise<Set<string>> {
    try {
      const { items } = await comfy.readQueue()
      return new Set(items.map(({ id }) => id))
    } catch (error) {
      if (comfy.server.awayForMs() < comfy.lostAfterMs) throw error
      return new Set()
    }
  }

  function schedule(): void {
    if (closed || busy || followers.size + kept.size === 0) return
    const wanted = followers.size > 0 ? EVERY_MS : KEPT_EVERY_MS
    if (timer !== undefined && every <= wanted) return
    clearTimeout(timer)
    every = wanted
    timer = setTimeout(async () => {
      timer = undefined
      busy = true
      await tick().catch(() => {})
      busy = false
      schedule()
    }, every)
    // Nothing but the wish to see an end must not keep a process alive.
    if (typeof timer === 'object' && followers.size === 0) timer.unref?.()
  }

  return {
    watch(listener) {
      const entry = { listener }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    follow(id) {
      followers.set(id, (followers.get(id) ?? 0) + 1)
      void look(id).catch(() => {})
      schedule()
      let over = false
      return () => {
        if (over) return
        over = true
        const left = followers.get(id)! - 1
        if (left > 0) return void followers.set(id, left)
        followers.delete(id)
        silence(id)
      }
    },
    keep(id) {
      if (!('unref' in Object(setTimeout(() => {})))) return
      kept.add(id)
      schedule()
    },
    tell,
    close() {
      closed = true
      clearTimeout(timer)
      for (const id of [...sockets.keys()]) silence(id)
      listeners.clear()
    },
  }
}
