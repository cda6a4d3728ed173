import { ArgumentError, type Client, getWorkflows, parseWorkflow } from '@flowscale/client'
import type { InputMap } from '../inputs.ts'
import { headersOf } from '../runs/headersOf.ts'
import type { ModelCall } from '../types.ts'

/** For a model without a map: each option goes to the input of its name, as the server lists the workflow. */
export async function readInputMap(
  client: Client,
  workflowId: string,
  options: readonly string[],
  { abortSignal: signal, headers }: ModelCall,
): Promise<InputMap> {
  const { data } = await getWorkflows(client, { signal, headers: headersOf(headers) })
  const workflow = data.find(({ id }) => id === workflowId)
  if (!workflow) {
    throw new ArgumentError(
      `The server lists no workflow "${workflowId}": check the id, or give the model a map`,
    )
  }
  const listed = Object.keys(parseWorkflow(workflow).inputs)
  return {
    names: Object.fromEntries(listed.filter((name) => options.includes(name)).map((name) => [name, name])),
    listed,
  }
}
