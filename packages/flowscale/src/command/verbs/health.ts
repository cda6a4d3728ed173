import { checkHealth } from '@flowscale/client'
import type { Call } from '../program.ts'
import { table } from '../terminal/table.ts'

export async function health({ client, print, signal }: Call): Promise<void> {
  const { data } = await checkHealth(client, { signal })
  const rows = data.map(({ container, status }) => [container, status])
  print.result(data, rows.length ? table(['container', 'status'], rows) : '')
  if (!rows.length)
    print.note('The server has no ComfyUI just now. A gateway with --workers waits until a worker dials in.')
}
