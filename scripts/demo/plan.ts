import { type Client, getWorkflows, HttpError, parseWorkflow, type Workflow } from '@flowscale/client'
import type { DemoOptions } from './options.ts'

const textToImage = 'bncu0a1kipv'
const imageToImage = 'a9bc45rt2kpm'

/** The deployed workflows, or `undefined` if the server lists none. */
export async function listWorkflows(client: Client): Promise<Workflow[] | undefined> {
  try {
    return (await getWorkflows(client, { maxRetries: 1 })).data
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined
    throw error
  }
}

/** Chooses the workflow, and puts the prompt and the image into its inputs. */
export function plan(
  options: DemoOptions,
  workflows: Workflow[] | undefined,
): { id: string; name: string; inputs: Record<string, unknown> } {
  const id = options.workflow ?? (options.url ? undefined : options.image ? imageToImage : textToImage)
  const deployed = workflows?.map((workflow) => `${workflow.id} (${workflow.name})`).join(', ')
  if (!id) throw new Error(`Name the workflow with --workflow. Deployed: ${deployed || 'unknown'}.`)
  const workflow = workflows?.find((workflow) => workflow.id === id)
  if (workflows && !workflow) throw new Error(`The server has no workflow ${id}. Deployed: ${deployed}.`)

  const inputs: Record<string, unknown> = {}
  const kinds = workflow ? parseWorkflow(workflow).inputs : {}
  const fill = (kind: string, value: unknown, flag: string) => {
    const name = Object.keys(kinds).find((name) => kinds[name] === kind)
    if (name) inputs[name] = value
    else throw new Error(`This workflow shows no ${kind} input. Use --input ${flag}.`)
  }
  // A workflow that the user chose gets the user's inputs only.
  const prompt = options.prompt ?? (options.url || options.workflow ? undefined : 'a lighthouse at dusk')
  if (prompt) fill('string', prompt, 'NAME=VALUE')
  if (options.image) fill('image', options.image, 'NAME=@FILE')
  return { id, name: workflow?.name || id, inputs: { ...inputs, ...options.inputs } }
}
