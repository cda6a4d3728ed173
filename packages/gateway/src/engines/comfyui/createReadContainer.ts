import type { Container } from '../../engine.ts'
import type { Shop } from './runs/types.ts'
import { NoAnswer } from './server/NoAnswer.ts'
import type { Queue } from './server/readQueue.ts'

/** A worker takes the next run at once: for as long, it may be between two. */
const BETWEEN_MS = 5_000

/** The server as a container. What has not changed for too long is stalled: a dead worker leaves HTTP as it was. */
export function createReadContainer(shop: Shop): () => Promise<Container> {
  let head = ''
  let since = 0

  function isStalled({ running, pending }: Queue): boolean {
    // ComfyUI's worker dies of a run without any data beside the graph.
    if (running.some(({ extra }) => typeof extra !== 'object' || extra === null)) return true
    const first = running[0] ?? pending[0]
    const told = running[0] && shop.progress.get(running[0].id)
    const now = `${running.length > 0} ${first?.id} ${told?.progress}`
    if (now !== head) [head, since] = [now, Date.now()]
    return first !== undefined && Date.now() - since >= (running.length > 0 ? shop.lostAfterMs : BETWEEN_MS)
  }

  return async () => {
    // Nobody is told where ComfyUI is.
    const container = { name: 'ComfyUI', url: 'comfyui' }
    try {
      const queue = await shop.readQueue()
      const running = queue.running.map(({ number, id }) => [number, id] as const)
      const pending = queue.pending.map(({ number, id }) => [number, id] as const)
      const status = isStalled(queue) ? 'stalled' : running.length > 0 ? 'running' : 'idle'
      return { ...container, status, running, pending }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      return { ...container, status: 'stopped', running: [], pending: [] }
    }
  }
}
