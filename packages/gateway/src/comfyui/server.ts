import type { Container } from '../engine.ts'
import { NoAnswer } from './api/client.ts'
import type { Queue } from './api/queue.ts'
import type { ComfyServer } from './runRecord.ts'

/** A worker takes the next run at once: for as long, it may be between two. */
const BETWEEN_MS = 5_000

/** A server as a container. What has not changed for too long is stalled: a dead worker leaves HTTP as it was. */
export interface ContainerReader {
  read(): Promise<Container>
  /** As it was read last. */
  latest(): Container
}

/** ComfyUI's address stays here: `name` and `url` are for callers. */
export function createContainer(comfy: ComfyServer, name: string, url: string): ContainerReader {
  let head = ''
  let since = 0
  const stopped: Container = { name, url, status: 'stopped', running: [], pending: [] }
  let latest = stopped

  function isStalled({ items, running }: Queue): boolean {
    // ComfyUI's worker dies of a run without any data beside the graph.
    if (items.slice(0, running).some(({ extra }) => Object(extra) !== extra)) return true
    const first = items[0]?.id
    const progress = first !== undefined && running > 0 && comfy.progress.get(first)?.progress
    const now = `${running > 0} ${first} ${progress}`
    if (now !== head) [head, since] = [now, Date.now()]
    return first !== undefined && Date.now() - since >= (running > 0 ? comfy.lostAfterMs : BETWEEN_MS)
  }

  return {
    latest: () => (comfy.client.isAway() ? stopped : latest),
    async read() {
      try {
        const queue = await comfy.readQueue()
        const entries = queue.items.map(({ number, id }) => [number, id] as const)
        const running = entries.slice(0, queue.running)
        const status = isStalled(queue) ? 'stalled' : running.length > 0 ? 'running' : 'idle'
        latest = { name, url, status, running, pending: entries.slice(queue.running) }
        return latest
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error
        latest = stopped
        return latest
      }
    },
  }
}
