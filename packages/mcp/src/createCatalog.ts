// The workflows of the server as tools, read anew after a minute.
import { type Client, getWorkflows, keepsKeys } from '@flowscale/client'
import { createNamer } from './names.ts'
import { toTool, type WorkflowTool } from './toTool.ts'

/** How long a list of tools is good. */
export const TTL_MS = 60_000
/** How soon a call of an unknown tool may read the list again. */
const SOON_MS = 5000

export interface Catalog {
  /** All tools, in the order of the ids of their workflows. */
  list(): Promise<Listed>
  /** The tool of this name. A name that is not known yet may be new on the server. */
  find(name: string): Promise<WorkflowTool | undefined>
}

export interface Listed {
  readonly tools: ReadonlyMap<string, WorkflowTool>
  /** Whether the server keeps the `Idempotency-Key` of submissions. */
  readonly keepsKeys: boolean
}

export const ownTools = ['wait_run', 'cancel_run', 'list_runs', 'get_output'] as const

export function createCatalog(
  client: Client,
  { workflows, onError }: { workflows?: readonly string[] | undefined; onError: (error: Error) => void },
): Catalog {
  const nameOf = createNamer(/[^a-zA-Z0-9_-]+/g, 40, ownTools)
  /** Tools by the JSON of their workflows: a list that is read again keeps the compiled schemas. */
  const made = new Map<string, WorkflowTool>()
  /** The names of tools stay as they are while this process lives. */
  const names = new Map<string, string>()
  let listed: Promise<Listed> | undefined
  let readAt = 0

  async function read(): Promise<Listed> {
    const [{ data }, keeps] = await Promise.all([getWorkflows(client), keepsKeys(client)])
    for (const wanted of workflows ?? [])
      if (!data.some(({ id, name }) => wanted === id || wanted === name))
        onError(new Error(`The server has no workflow ${JSON.stringify(wanted)}`))
    const chosen = data
      .filter(({ id, name }) => id && (workflows?.some((one) => one === id || one === name) ?? true))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const tools = new Map<string, WorkflowTool>()
    const kept = new Map<string, WorkflowTool>()
    for (const workflow of chosen) {
      try {
        const json = JSON.stringify(workflow)
        const tool = made.get(json) ?? toTool(workflow)
        const name = names.get(workflow.id) ?? nameOf(workflow.name, workflow.id)
        names.set(workflow.id, name)
        kept.set(json, tool)
        tools.set(name, tool)
      } catch (error) {
        onError(new Error(`Workflow ${JSON.stringify(workflow.id)} can't be read`, { cause: error }))
      }
    }
    made.clear()
    for (const [json, tool] of kept) made.set(json, tool)
    return { tools, keepsKeys: keeps }
  }

  function list(maxAgeMs = TTL_MS): Promise<Listed> {
    if (listed && performance.now() - readAt < maxAgeMs) return listed
    readAt = performance.now()
    const reading = read()
    listed = reading
    reading.catch(() => {
      if (listed === reading) listed = undefined
    })
    return reading
  }

  return {
    list: () => list(),
    async find(name) {
      return (await list()).tools.get(name) ?? (await list(SOON_MS)).tools.get(name)
    },
  }
}
