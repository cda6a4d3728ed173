import type { Server } from '../server/createServer.ts'
import { NoAnswer } from '../server/NoAnswer.ts'
import { sleep } from '../sleep.ts'
import type { Shop } from './types.ts'

/** From here on `/interrupt` heeds the id that it is given (autumn of 2025); before, it stops whatever runs. */
const HEEDS_IDS = [0, 3, 60]
/** A node that heeds nothing ends when it ends: no caller waits that long. */
const FOR_MS = 5_000
const EVERY_MS = 100
/** Each interrupt that names no run may meet the next one, which starts just then: there are few. */
const SELDOM_MS = 1_000

/**
 * Takes the run out of the queue, or interrupts it, until it is in neither: it may move between two requests, and an
 * interrupt that comes as it starts is forgotten. No other run is stopped. Says whether it is out.
 */
export async function stopRun({ server, readQueue }: Shop, id: string): Promise<boolean> {
  const heedsIds = await knowsIds(server)
  for (const deadline = Date.now() + FOR_MS; ; await sleep(heedsIds ? EVERY_MS : SELDOM_MS)) {
    await server.send('/queue', { method: 'POST', json: { delete: [id] } })
    // As close to the interrupt as can be: an old server stops what runs by then.
    const { running } = await readQueue(0)
    const runs = running.some((item) => item.id === id)
    if (!runs && !heedsIds) return true
    await server.send('/interrupt', { method: 'POST', json: { prompt_id: id } })
    const { running: now, pending } = await readQueue(0)
    if (![...now, ...pending].some((item) => item.id === id)) return true
    if (Date.now() > deadline) return false
  }
}

async function knowsIds(server: Server): Promise<boolean> {
  try {
    const stats = (await server.read('/system_stats')) as { system?: { comfyui_version?: unknown } } | null
    const version = /^v?(\d+)\.(\d+)\.(\d+)/
      .exec(String(stats?.system?.comfyui_version))
      ?.slice(1)
      .map(Number)
    const index = HEEDS_IDS.findIndex((wanted, at) => version?.[at] !== wanted)
    return version !== undefined && (index < 0 || version[index]! > HEEDS_IDS[index]!)
  } catch (error) {
    if (error instanceof NoAnswer) return false
    throw error
  }
}
