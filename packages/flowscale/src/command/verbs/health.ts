import { checkHealth } from '@flowscale/client'
import { table } from '../terminal/table.ts'
import type { Call } from '../types.ts'

export async function health({ client, output, signal }: Call): Promise<void> {
  const { data } = await checkHealth(client, { signal })
  const rows = data.map(({ container, status }) => [container, status])
  output.result(data, table(['container', 'status'], rows))
}
