// Sends a run to ComfyUI, once. If ComfyUI refuses it, says why.
import { EngineError, InputError, type Problem, type Run, type Submission } from '../../engine.ts'
import { hasOwnTimers, sleep } from '../../runtime.ts'
import { type Answer, type ComfyClient, LoginRefused, NoAnswer, parseJson } from '../api/client.ts'
import { valuesOf } from '../api/files.ts'
import { readHistory } from '../api/queue.ts'
import { type Facts, type RunRecords, type Submitted, toRun } from '../runRecord.ts'
import type { ComfyServer } from '../server.ts'
import { fillGraph } from '../workflows/fillGraph.ts'
import { describeMissingChoice } from '../workflows/missingChoices.ts'
import { type ComfyWorkflow, partnersOf, setsField } from '../workflows/types.ts'
import { endWithout, withoutPaths } from './historyEnd.ts'
import { stopRun } from './stopRun.ts'

/** If nothing accepts a connection, nothing was sent: the run is sent again after each of these pauses. */
const PAUSES_MS = [100, 300, 900]
const LOOK_FOR_MS = 10_000
const LOOK_EVERY_MS = 500

/** Writes the record of a run, and sends the run: see {@link postRun}. */
export async function sendRun(
  server: ComfyServer,
  records: RunRecords,
  workflow: ComfyWorkflow,
  id: string,
  { values, inputs, groupId, owner, previews }: Submission & Pick<Run, 'owner'>,
): Promise<{ run: Run; number: number }> {
  const { graph, seeds } = fillGraph(workflow, valuesOf(values), id)
  const run: Submitted = {
    id,
    workflowId: workflow.listing.id,
    groupId,
    owner,
    createdAt: Date.now(),
    shown: [...inputs, ...[...seeds].map(([path, value]) => ({ path, value }))],
    ...factsOf(workflow),
    // Without timers, nobody listens to a socket.
    ...(previews && hasOwnTimers() && { previews: true }),
  }
  const refuse = async (error: unknown): Promise<never> => {
    await records.addEnd(endWithout({ ...run, shown: [] }, 'refused', null))
    throw error
  }
  // The record may have been written although the answer was lost. Its end says that the run was never sent.
  await records.addRun(run).catch(refuse)
  const json = { prompt: graph, prompt_id: id, client_id: id, extra_data: extraOf(server.client, run) }
  const number = await postRun(server, run, json, workflow).catch((error) => {
    if (error.runId !== undefined) throw error
    return refuse(error)
  })
  server.taken.set(id, server.taken.get(id) ?? [])
  // A cancel that came meanwhile found nothing to stop.
  const check = records
    .isCancelRequested(id)
    .then((asked) => (asked ? stopRun(server, id) : undefined))
    .catch(() => {})
  if (!hasOwnTimers()) await check
  return { run: toRun(run, { status: 'queued', progress: 0 }), number }
}

/** The facts about a workflow that the record of a run has. */
export function factsOf(workflow: ComfyWorkflow): Facts {
  const { outputs, nodes } = workflow
  return {
    outputs: [...outputs].map(([name, { node, kind }]) => ({
      name,
      node,
      ...(kind === 'string' && { isText: true }),
    })),
    titles: Object.fromEntries([...nodes].map(([node, { title }]) => [node, title])),
    nodes: nodes.size,
    ...(partnersOf(workflow).length > 0 && { usesKey: true }),
  }
}

/**
 * The data of a run beside its graph. ComfyUI takes `preview_method` for a run since 0.5.0; earlier versions have a flag
 * for all runs. The key for the nodes of partners goes only with a run that needs it.
 */
export const extraOf = (client: ComfyClient, run: Submitted): object => ({
  flowscale: run,
  ...(run.previews && { preview_method: 'auto' }),
  ...(run.usesKey && client.partnerKey()),
})

/**
 * Sends the run once, and gives its number in the queue. After a `NoAnswer`, it was surely not sent; after a 502 with an
 * id, it may have been.
 */
export async function postRun(
  server: ComfyServer,
  run: Submitted,
  json: object,
  workflow: Pick<ComfyWorkflow, 'nodes' | 'inputs'> = { nodes: new Map(), inputs: new Map() },
): Promise<number> {
  const { status, text } = await post(server.client, json)
  const body = parseJson(text)
  const { number, prompt_id, node_errors } = Object(body)
  if (status === 200 && typeof prompt_id === 'string' && prompt_id !== run.id) {
    await stopRun(server, prompt_id).catch(() => {})
    const message = 'This ComfyUI is too old: it gives runs ids of its own. Update it to 0.3.45 or later'
    throw new EngineError(502, message)
  }
  if (status === 200 && Object.keys(Object(node_errors)).length > 0) {
    // ComfyUI took the run without the nodes that have faults: this is not the run that was asked for.
    await stopRun(server, run.id).catch(() => {})
    throw readRefusal(body, run, workflow)
  }
  if (status === 200 && typeof number === 'number') return number
  if (status === 400) throw readRefusal(body, run, workflow)
  if (status === 413) throw new EngineError(413, 'The inputs are larger than ComfyUI takes')
  if (status > 400 && status < 500) {
    if ([401, 403].includes(status)) await stopRun(server, run.id).catch(() => {})
    throw new EngineError(502, `ComfyUI refused the run with status ${status}`)
  }
  return await lookFor(server, run.id)
}

/** Gives the answer to the run, with the status 0 if the answer was lost. @throws NoAnswer if nothing was sent */
async function post(client: ComfyClient, json: object): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    try {
      return await client.send('/prompt', { method: 'POST', json, fresh: true, timeoutMs: 30_000 })
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      // Not tried again: the run may have been passed on, and the login would be refused again.
      if (error instanceof LoginRefused) return { status: 401, text: '' }
      if (error.sent) return { status: 0, text: '' }
      const pauseMs = PAUSES_MS[tries]
      if (pauseMs === undefined) throw error
      await sleep(pauseMs)
    }
  }
}

/** Searches ComfyUI for a run whose answer was lost: the run may be there, and must not be sent again. */
async function lookFor({ client, readQueue }: ComfyServer, id: string): Promise<number> {
  const deadline = performance.now() + LOOK_FOR_MS
  while (performance.now() < deadline) {
    try {
      const item = (await readQueue(0)).items.find((queued) => queued.id === id)
      if (item) return item.number
      const history = await readHistory(client, id)
      if (history) return history === 'unreadable' ? 0 : history.number
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
    }
    await sleep(LOOK_EVERY_MS)
  }
  const message = `ComfyUI's answer was lost: run ${id} may have been submitted. Ask for it before you send it again`
  throw new EngineError(502, message, { runId: id })
}

/** Says why ComfyUI refused a run: by input where an input is to blame, else by node. A traceback and paths are left out. */
export function readRefusal(
  body: unknown,
  run: Submitted,
  { nodes, inputs }: Pick<ComfyWorkflow, 'nodes' | 'inputs'>,
): Error {
  const { error, node_errors } = Object(body)
  const problems: Problem[] = []
  const others: string[] = []
  for (const [node, faults] of Object.entries(Object(node_errors))) {
    const { errors, class_type } = Object(faults)
    for (const fault of errors ?? []) {
      const { input_name: field, received_value } = Object(fault.extra_info)
      const name = [...inputs].find(([, input]) => setsField(input, node, field))?.[0]
      const type = String(fault.type ?? 'value_error')
      const known = type === 'value_not_in_list' ? nodes.get(node) : undefined
      const msg = known ? describeMissingChoice(known, String(field), received_value) : describeFault(fault)
      if (name !== undefined) problems.push({ loc: ['body', name], msg, type })
      else if (known) others.push(msg)
      else others.push(`node "${run.titles[node] ?? class_type ?? node}": ${msg}`)
    }
  }
  if (problems.length > 0) return new InputError(problems)
  const why = others.length > 0 ? others.join('; ') : describeFault(Object(error))
  return new EngineError(422, `ComfyUI refused the run: ${why}`)
}

function describeFault({ type, message, details }: Record<string, unknown>): string {
  // The details of an exception help nobody but ComfyUI's authors.
  const parts = String(type).startsWith('exception_') ? [message] : [message, details]
  const text = parts.filter((part) => typeof part === 'string' && part !== '').join(': ')
  return withoutPaths(text).trim().slice(0, 500) || 'it does not say why'
}
