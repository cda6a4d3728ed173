// The workflows of all servers as one list, and one workflow as each server can run it.
import { EngineError, type Input, type Workflow } from '../../engine.ts'
import { within } from '../../runtime.ts'
import { NoAnswer } from '../api/client.ts'
import { listingOf } from '../catalog.ts'
import type { Server } from '../dispatch/servers.ts'
import type { ComfyWorkflow } from '../workflows/types.ts'

/** Longer than a healthy server takes, and shorter than a caller likes to wait. */
const SOON_MS = 1_000

/** Asks all servers. A silent one is waited for only if no server answers. @throws NoAnswer if none does. */
async function askAll<T>(
  servers: readonly Server[],
  question: (server: Server) => Promise<T>,
): Promise<{ answers: readonly T[]; failure: NoAnswer | undefined }> {
  const answers: T[] = []
  let failure: NoAnswer | undefined
  let open = servers.length
  const all = servers.map(async (server) => {
    try {
      answers.push(await question(server))
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      failure = error
    }
    open--
  })
  await within(Promise.all(all), SOON_MS)
  if (answers.length === 0) await Promise.all(all)
  if (answers.length === 0) throw failure ?? new NoAnswer(NO_WORKER, false)
  return { answers: [...answers], failure: open > 0 ? new NoAnswer('it stopped answering') : failure }
}

const NO_WORKER =
  'no worker has dialled in. Start one beside a ComfyUI by "npx @flowscale/gateway worker", with the address of the gateway'

/**
 * Finds a workflow, as each server knows it that can run it: `found` is empty if there is no such workflow. `areAll`: all
 * servers have answered.
 *
 * @throws EngineError if no server can run the workflow, `NoAnswer` if a server that can may be away.
 */
export async function findWorkflow(
  servers: readonly Server[],
  id: string,
): Promise<{ found: readonly ComfyWorkflow[]; areAll: boolean }> {
  const { answers, failure } = await askAll(servers, ({ catalog }) =>
    catalog.find(id).catch((error) => {
      if (error instanceof EngineError && !(error instanceof NoAnswer)) return error
      throw error
    }),
  )
  const found = answers.flatMap((answer) => (answer && !(answer instanceof EngineError) ? [answer] : []))
  const problem = answers.find((answer) => answer instanceof EngineError)
  if (found.length === 0 && problem) throw failure ?? problem
  return { found, areAll: failure === undefined }
}

/** The workflows that at least one server can run, and the others with their problem. */
export async function listWorkflows(servers: readonly Server[]): Promise<Workflow[]> {
  const { answers } = await askAll(servers, ({ catalog }) => catalog.read())
  const byId = new Map<string, ComfyWorkflow[]>()
  const broken = new Map<string, Workflow>()
  for (const loaded of answers.flat()) {
    const { id, workflow, problem } = loaded
    if (workflow && !problem) byId.set(id, [...(byId.get(id) ?? []), workflow])
    else broken.set(id, listingOf(loaded))
  }
  for (const id of byId.keys()) broken.delete(id)
  return [...[...byId.values()].map(mergeListings), ...broken.values()]
}

/** The workflow as callers see it: with the choices of all servers. */
export function mergeListings(workflows: readonly ComfyWorkflow[]): Workflow {
  const [first, ...rest] = workflows.map(({ listing }) => listing)
  if (rest.length === 0) return first!
  const inputs = [...first!.inputs].map(([name, input]): [string, Input] => {
    const options = input.options && [input, ...rest.map((one) => one.inputs.get(name))]
    const all = options?.flatMap((one) => one?.options ?? [])
    return [name, { ...input, ...(all && { options: [...new Set(all)] }) }]
  })
  return { ...first!, inputs: new Map(inputs) }
}
