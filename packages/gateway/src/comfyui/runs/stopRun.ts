// Stops a run at its ComfyUI. This is the last step of each cancel.
import { sleep } from '../../runtime.ts'
import { type ComfyClient, NoAnswer, parseJson } from '../api/client.ts'
import type { ComfyServer } from '../server.ts'

/** From this version on `/interrupt` heeds the id that it is given (autumn of 2025); before, it stops whatever runs. */
const HEEDS_IDS = [0, 3, 60]
/** A node that heeds no interrupt may take minutes: no caller waits that long. */
const FOR_MS = 5_000
const EVERY_MS = 100
/** The pause for old servers: each of their interrupts may hit the next run, which starts just then. */
const SELDOM_MS = 1_000

/** Takes the run out of the queue, or interrupts it. No other run is stopped. */
export async function stopRun({ client, readQueue }: ComfyServer, id: string): Promise<void> {
  const deadline = performance.now() + FOR_MS
  if (await cancelJob(client, id, deadline)) return
  const heedsIds = await heedsRunIds(client)
  // A run may start between two requests, and ComfyUI forgets an interrupt that comes at the start.
  for (; ; await sleep(heedsIds ? EVERY_MS : SELDOM_MS)) {
    await client.send('/queue', { method: 'POST', json: { delete: [id] } })
    // Right before the interrupt, since an old server stops whatever runs by then.
    const { items, running } = await readQueue(0)
    if (!heedsIds && !items.slice(0, running).some((item) => item.id === id)) return
    await client.send('/interrupt', { method: 'POST', json: { prompt_id: id } })
    const now = await readQueue(0)
    if (!now.items.some((item) => item.id === id) || performance.now() > deadline) return
  }
}

/** Cancels by the route that ComfyUI has since 0.26, until the run has left the queue. False: the server lacks the route. */
async function cancelJob(client: ComfyClient, id: string, deadline: number): Promise<boolean> {
  const path = `/api/jobs/${encodeURIComponent(id)}/cancel`
  for (let pauseMs = 0; ; pauseMs = EVERY_MS) {
    const { status, text } = await client.send(path, { method: 'POST' })
    const { cancelled } = Object(status === 200 ? parseJson(text) : undefined)
    if (typeof cancelled !== 'boolean') return false
    if (!cancelled || performance.now() > deadline) return true
    await sleep(pauseMs)
  }
}

async function heedsRunIds(client: ComfyClient): Promise<boolean> {
  try {
    const { system } = Object(await client.read('/system_stats'))
    const version = /^v?(\d+)\.(\d+)\.(\d+)/.exec(String(system?.comfyui_version))?.slice(1).map(Number)
    const index = HEEDS_IDS.findIndex((wanted, at) => version?.[at] !== wanted)
    return version !== undefined && (index < 0 || version[index]! > HEEDS_IDS[index]!)
  } catch (error) {
    if (error instanceof NoAnswer) return false
    throw error
  }
}
