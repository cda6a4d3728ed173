// Finds the changes of runs at one ComfyUI with its own queue: by polling, and sooner by a socket, which may fall silent.
import { type EngineContext, isEnded, type Preview, type Run } from '../../engine.ts'
import { createLruCache } from '../../lruCache.ts'
import { createComplain } from '../../records/watchStore.ts'
import { forEach, hasOwnTimers } from '../../runtime.ts'
import { createProgress, type SocketListener } from '../api/socket.ts'
import { createListeners, type Listeners } from '../listeners.ts'
import { createPictures } from '../pictures.ts'
import type { RunRecords } from '../runRecord.ts'
import type { ComfyServer } from '../server.ts'
import { findRun } from './runState.ts'

const EVERY_MS = 1_000
/** Longer than clients usually pause between two polls. */
const POLL_MS = 15_000

interface Followed {
  /** 0 if only the end of the run must be recorded. */
  followers: number
  /** When somebody asked for the run last. */
  polledAt: number
  closeSocket?: (() => void) | undefined
}

const ENDED = 2

export function createMonitor(server: ComfyServer, records: RunRecords, log: EngineContext['log']) {
  const { client, readQueue } = server
  const listeners = createListeners()
  const complain = createComplain(() => log)
  const runs = new Map<string, Followed>()
  /** The pictures of the runs with an open socket. */
  const pictures = createPictures()
  /** The state of each run that listeners heard last. */
  const emitted = createLruCache<{ readonly stage: number; readonly text: string }>(5_000)
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false
  let warned = false

  function keep(id: string): Followed {
    const run = runs.get(id) ?? { followers: 0, polledAt: Number.NEGATIVE_INFINITY }
    runs.set(id, run)
    return run
  }

  /** Makes sure that a run's end is written down, where the runtime has timers that keep no process alive. */
  function watchForEnd(id: string): Followed | undefined {
    if (!hasOwnTimers() || !('unref' in Object(setTimeout(() => {})))) return undefined
    const run = keep(id)
    schedule()
    return run
  }

  function schedule(): void {
    if (closed || [...runs.keys()].every(isOver)) return
    timer ??= setTimeout(async () => {
      await checkAll().catch((error) => complain('The look at the runs', error))
      timer = undefined
      schedule()
    }, EVERY_MS)
    if (typeof timer !== 'object') return
    // A process must not stay alive only to record an end.
    if ([...runs.values()].some(({ followers }) => followers > 0)) timer.ref?.()
    else timer.unref?.()
  }

  async function checkAll(): Promise<void> {
    const queue = await readQueue().catch((error): undefined => {
      // If the server has been away for too long, the check of each run finds that the run is lost.
      if (client.awayForMs() < server.lostAfterMs) throw error
    })
    const queued = new Set(queue?.items.map(({ id }) => id))
    const due = [...runs].filter(([id, run]) => {
      if (isOver(id)) return false
      if (isFollowed(run)) return true
      closeSocket(id, run)
      // Of a run without followers, only the end is of interest.
      return !queued.has(id)
    })
    await forEach(due, ([id]) => checkRun(id).catch(() => {}))
  }

  async function checkRun(id: string, maxAgeMs?: number): Promise<void> {
    const run = await findRun(server, records, id, maxAgeMs)
    if (!run) return forget(id)
    emit(run)
    const followed = runs.get(id)
    const isNear = !isEnded(run.status) && (run.position ?? 0) <= 1
    if (isNear && followed && isFollowed(followed)) followed.closeSocket ??= listen(run)
  }

  /** One socket a run: of two with one id, ComfyUI silences the second when the first one closes. */
  function listen(run: Run): Followed['closeSocket'] {
    const { id } = run
    const record = records.cachedRun(id)
    if (!record || closed) return undefined
    const readMessage = createProgress(record, run.progress)
    let greeted = false
    const onMessage: SocketListener['onMessage'] = (type, data) => {
      const news = readMessage(type, data)
      // The socket is a hint: the server's history says how a run ended. ComfyUI does not repeat messages from before the greeting.
      if (news === 'ended' || (type === 'status' && !greeted)) {
        greeted = true
        return void checkRun(id, 0).catch(() => {})
      }
      if (!news) return
      server.progress.set(id, news)
      tellProgress()
    }
    const tellProgress = (): void =>
      emit({ ...run, status: 'running', position: undefined, ...server.progress.get(id) })
    const onPicture: SocketListener['onPicture'] = (of, preview) => {
      if (of !== id || isOver(id)) return
      pictures.put(id, preview)
      tellProgress()
    }
    const onRefused = (): void => void warn().catch(() => {})
    return client.listen(id, { onMessage, onPicture: record.previews && onPicture, onRefused })
  }

  /** Says that WebSockets are blocked in front of ComfyUI, if ComfyUI itself answers. */
  async function warn(): Promise<void> {
    await client.read('/prompt')
    const so = 'until a run has ended, its progress is 0. Let what is in front of ComfyUI forward WebSockets'
    if (!warned && !closed) log('warn', `${client.url} answers, but its WebSocket does not open: ${so}`)
    warned = true
  }

  const withPicture = <T extends Run>(run: T): T => {
    const preview = run.status === 'running' ? pictures.numberOf(run.id) : undefined
    return preview === undefined ? run : { ...run, preview }
  }

  function emit(bare: Run): void {
    const run = withPicture(bare)
    const { id, status, progress, position, node, preview } = run
    const stage = isEnded(status) ? ENDED : status === 'running' ? 1 : 0
    if (stage === ENDED) forget(id)
    const text = JSON.stringify([status, progress, position, node]) + (preview ?? '')
    const last = emitted.get(id)
    // An answer may be older than a message of the socket, and after an end nothing is told.
    if (last && (last.stage > stage || last.stage === ENDED || last.text === text)) return
    emitted.set(id, { stage, text })
    listeners.tell(run)
  }

  const isOver = (id: string): boolean => emitted.get(id)?.stage === ENDED

  function forget(id: string): void {
    const run = runs.get(id)
    if (!run) return
    closeSocket(id, run)
    if (run.followers === 0) runs.delete(id)
  }

  function closeSocket(id: string, run: Followed): void {
    run.closeSocket?.()
    run.closeSocket = undefined
    pictures.drop(id)
  }

  return {
    watch: listeners.add as Listeners['add'],
    follow(id: string): () => void {
      const run = keep(id)
      run.followers++
      // A run with other followers is checked anyway.
      if (run.followers === 1) void checkRun(id).catch(() => {})
      schedule()
      let left = false
      return () => {
        if (left) return
        left = true
        run.followers--
        if (isFollowed(run)) return
        closeSocket(id, run)
        if (typeof timer !== 'object') runs.delete(id)
      }
    },
    watchForEnd: watchForEnd as (id: string) => void,
    /**
     * Passes on a run that somebody read, and follows the run for a while: whoever polls a run counts as a listener. Gives
     * the run with the number of its picture.
     */
    noteRun<T extends Run | undefined>(run: T): T {
      if (!run) return run
      emit(run)
      const polled = run.status === 'running' && (runs.get(run.id) ?? watchForEnd(run.id))
      if (polled) polled.polledAt = performance.now()
      return withPicture(run)
    },
    async readPreview(id: string): Promise<Preview | undefined> {
      const run = runs.get(id)
      if (run) run.polledAt = performance.now()
      return pictures.get(id) as Preview | undefined
    },
    close(): void {
      closed = true
      clearTimeout(timer)
      for (const [id, run] of runs) closeSocket(id, run)
      listeners.clear()
    },
  }
}

const isFollowed = ({ followers, polledAt }: Followed): boolean =>
  followers > 0 || performance.now() - polledAt < POLL_MS
