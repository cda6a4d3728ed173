import { checkHealth } from '@flowscale/client'
import { type Call, NO_COMFYUI } from '../program.ts'
import { table } from '../terminal/table.ts'

export async function health({ client, print, signal }: Call): Promise<void> {
  const { data } = await checkHealth(client, { signal })
  const rows = data.map(({ container, status, reason }) => [
    container,
    reason ? `${status}, ${reason}` : status,
  ])
  print.result(data, rows.length ? table(['container', 'status'], rows) : '')
  if (!rows.length) print.note(NO_COMFYUI)
}
