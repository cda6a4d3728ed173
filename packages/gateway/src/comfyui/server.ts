import type { Container } from '../engine.ts'
import { createLruCache, type Memory } from '../lruCache.ts'
import { type ComfyClient, NoAnswer } from './api/client.ts'
import { createReadQueue, type Queue, type ReadQueue } from './api/queue.ts'
import type { Progress, RunRecords } from './runRecord.ts'

/** One ComfyUI, and the facts about its runs. */
export interface ComfyServer {
  readonly client: ComfyClient
  readonly records: RunRecords
  readonly readQueue: ReadQueue
  /**
   * Runs that the server is known to have taken: if the server no longer has such a run, the run is gone. With each are runs
   * at both ends of the queue in which it was last seen. If the server still has one of these, it has not restarted since.
   */
  readonly taken: Memory<readonly string[]>
  /** The latest progress of each run. */
  readonly progress: Memory<Progress>
  readonly lostAfterMs: number
  /** For this long, a run whose record is there may still be on its way: see `findRun`. */
  readonly comingMs: number
}

export function createComfyServer(
  options: Pick<ComfyServer, 'client' | 'records' | 'lostAfterMs' | 'comingMs'>,
): ComfyServer {
  const taken: ComfyServer['taken'] = createLruCache(5_000)
  return {
    ...options,
    readQueue: createReadQueue(options.client, (ids) => {
      const ends = [...ids.slice(0, 2), ...ids.slice(-2)]
      for (const id of ids) taken.set(id, ends)
    }),
    taken,
    progress: createLruCache(5_000),
  }
}

/** A worker takes the next run at once, and needs no longer than this between two runs. */
const BETWEEN_MS = 5_000

/**
 * Makes a reader of the server as a container, under a name for callers, who never see ComfyUI's address. A server whose
 * queue does not change for too long is stalled: ComfyUI answers requests even when its worker is dead.
 */
export function createContainer(server: ComfyServer): () => Promise<Container> {
  const bare = { name: 'ComfyUI', url: 'comfyui' }
  let head = ''
  let since = 0

  function isStalled({ items, running }: Queue): boolean {
    // ComfyUI's worker dies of a run without any data beside the graph.
    if (items.slice(0, running).some(({ extra }) => Object(extra) !== extra)) return true
    const first = items[0]?.id
    const progress = first !== undefined && running > 0 && server.progress.get(first)?.progress
    const now = `${running > 0} ${first} ${progress}`
    if (now !== head) [head, since] = [now, performance.now()]
    return first !== undefined && performance.now() - since >= (running > 0 ? server.lostAfterMs : BETWEEN_MS)
  }

  return async () => {
    try {
      const queue = await server.readQueue()
      const entries = queue.items.map(({ number, id }) => [number, id] as const)
      const running = entries.slice(0, queue.running)
      const status = isStalled(queue) ? 'stalled' : running.length > 0 ? 'running' : 'idle'
      return { ...bare, status, running, pending: entries.slice(queue.running) }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      return { ...bare, status: 'stopped', running: [], pending: [] }
    }
  }
}
