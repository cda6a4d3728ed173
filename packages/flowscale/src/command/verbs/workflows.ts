import { getWorkflows, parseWorkflow } from '@flowscale/client'
import { table } from '../table.ts'
import type { Call } from '../types.ts'

export async function workflows({ client, output, signal }: Call): Promise<void> {
  const { data } = await getWorkflows(client, { signal })
  const rows = data.map((workflow) => {
    const { inputs } = parseWorkflow(workflow)
    const named = Object.entries(inputs).map(([name, kind]) => `${name}=${kind}`)
    return [workflow.id, workflow.name, named.join(' ')]
  })
  output.result(data, table(['id', 'name', 'inputs'], rows))
}
