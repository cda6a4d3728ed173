import { getWorkflows } from '@flowscale/client'
import { describeWorkflow } from '../describeWorkflow.ts'
import { table } from '../terminal/table.ts'
import type { Call } from '../types.ts'
import { pickWorkflow } from '../workflow.ts'
import { workflowText } from '../workflowText.ts'

export async function workflows({ args, client, output, signal }: Call): Promise<void> {
  const { data } = await getWorkflows(client, { signal })
  const [word] = args
  if (word !== undefined) {
    const found = describeWorkflow(pickWorkflow(data, word))
    return output.result(found, workflowText(found))
  }
  const all = data.map(describeWorkflow)
  const rows = all.map(({ id, name, inputs }) => [
    id,
    name,
    Object.entries(inputs ?? { '(cannot be read)': undefined })
      .map(([input, known]) =>
        known ? `${input}${known.required === false ? '?' : ''}=${known.kind}` : input,
      )
      .join(' '),
  ])
  output.result(all, table(['id', 'name', 'inputs'], rows))
}
