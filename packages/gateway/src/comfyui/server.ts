// One ComfyUI as its gateway or its worker sees it: the runs that it has taken, their progress, and its state as a container.
import type { Container } from '../engine.ts'
import { createLruCache, type LruCache } from '../lruCache.ts'
import { type ComfyClient, NoAnswer } from './api/client.ts'
import { createReadQueue, type Queue, type ReadQueue } from './api/queue.ts'
import { type Progress, submittedIn } from './runRecord.ts'

export interface ComfyServer {
  readonly client: ComfyClient
  readonly readQueue: ReadQueue
  /**
   * Runs that the server has taken: if it no longer has such a run, the run is gone. The value of each is the runs at both
   * ends of the queue in which it was last seen. If the server still has one of these, it has not restarted since.
   */
  readonly taken: LruCache<readonly string[]>
  /** The latest progress of each run. */
  readonly progress: LruCache<Progress>
  readonly lostAfterMs: number
  /** How long a recorded run may be on its way to ComfyUI. */
  readonly comingMs: number
}

export function createComfyServer(
  client: ComfyClient,
  limits: Pick<ComfyServer, 'lostAfterMs' | 'comingMs'>,
): ComfyServer {
  const taken: ComfyServer['taken'] = createLruCache(5_000)
  return {
    ...limits,
    client,
    readQueue: createReadQueue(client, (ids) => {
      const ends = [...ids.slice(0, 2), ...ids.slice(-2)]
      for (const id of ids) taken.set(id, ends)
    }),
    taken,
    progress: createLruCache(5_000),
  }
}

/** ComfyUI's worker needs no longer than this between two runs. */
const BETWEEN_MS = 5_000

/**
 * Makes a function that reads the server as a container, without ComfyUI's address, which no caller sees. If its queue does
 * not change for too long, the server is stalled: ComfyUI answers requests even when its worker is dead.
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
      const entries = queue.items.map(
        ({ number, id, extra }) => [number, id, submittedIn(extra, id)?.owner] as const,
      )
      const running = entries.slice(0, queue.running)
      const status = isStalled(queue) ? 'stalled' : running.length > 0 ? 'running' : 'idle'
      return { ...bare, status, running, pending: entries.slice(queue.running) }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      return { ...bare, status: 'stopped', running: [], pending: [] }
    }
  }
}
