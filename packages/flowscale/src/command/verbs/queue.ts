import { getQueue } from '@flowscale/client'
import { table } from '../terminal/table.ts'
import type { Call } from '../types.ts'

export async function queue({ client, output, signal }: Call): Promise<void> {
  const { data } = await getQueue(client, { signal })
  const rows = data.flatMap(({ container, queue }) => {
    const own = [
      ...queue.queue_running.map(([, runId]) => [container, 'running', runId]),
      ...queue.queue_pending.map(([, runId], index) => [container, `waiting, ${index + 1}.`, runId]),
    ]
    return own.length ? own : [[container, 'free', '']]
  })
  output.result(data, table(['container', 'state', 'run'], rows))
}
