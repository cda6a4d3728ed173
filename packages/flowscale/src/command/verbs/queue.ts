import { getQueue } from '@flowscale/client'
import { type Call, NO_COMFYUI } from '../program.ts'
import { table } from '../terminal/table.ts'

export async function queue({ client, print, signal }: Call): Promise<void> {
  const { data } = await getQueue(client, { signal })
  // A gateway lists its own queue after its ComfyUIs.
  const hasComfyui = data.length > 1 || data.some(({ container }) => container !== 'queue')
  const rows = data.flatMap(({ container, queue, reason }) => {
    const own = [
      ...queue.queue_running.map(([, runId]) => [container, 'running', runId]),
      ...queue.queue_pending.map(([, runId], index) => [container, `waiting, ${index + 1}.`, runId]),
    ]
    const more = Number(queue.queue_remaining) - queue.queue_pending.length
    if (more > 0) own.push([container, 'waiting', `${more} more`])
    return own.length || !hasComfyui ? own : [[container, reason ?? 'free', '']]
  })
  print.result(data, rows.length ? table(['container', 'state', 'run'], rows) : '')
  if (!hasComfyui) print.note(NO_COMFYUI)
}
