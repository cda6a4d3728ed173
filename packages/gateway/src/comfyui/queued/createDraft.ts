// A run that a caller is about to add to the queue, with its files.

import { type Caller, type Draft, EngineError, nothingStarted, type Scalar } from '../../engine.ts'
import { createLruCache } from '../../lruCache.ts'
import { openUrl } from '../../openUrl.ts'
import { hashOf } from '../../runtime.ts'
import { type Upload, uploadName, valuesOf } from '../api/files.ts'
import { assignRuns } from '../dispatch/assignRuns.ts'
import { type Job, needsOf, type Plan } from '../dispatch/job.ts'
import type { State } from '../dispatch/state.ts'
import { toRun } from '../runRecord.ts'
import { factsOf } from '../runs/sendRun.ts'
import { changeGraph, changesOf, graphOf } from '../workflows/fillGraph.ts'
import type { ComfyWorkflow } from '../workflows/types.ts'
import { mergeListings } from './allWorkflows.ts'

interface Wanted {
  /** The workflow as each server knows it: at least one. */
  readonly found: readonly ComfyWorkflow[]
  /** Whether no other server may have more choices. */
  readonly areAll: boolean
  readonly inputHosts: readonly string[]
  readonly signal: AbortSignal
  readonly caller: Caller
}

export function createDraft(state: State, { found, areAll, inputHosts, signal, caller }: Wanted): Draft {
  const { queue } = state
  const id = crypto.randomUUID()
  const files: string[] = []

  const putFile: Draft['putFile'] = async (_input, { name, body }) => {
    const upload = uploadName(id, files.length + 1, name)
    files.push(upload)
    await queue.files.put('in', id, upload, body.pipeThrough(new TransformStream(), { signal }))
    return { name: upload } satisfies Upload
  }

  const submit: Draft['submit'] = async (submission) => {
    const { inputs, groupId, once, webhookUrl, previews } = submission
    const values = valuesOf(submission.values)
    const workflow = found.find((one) => fits(one, values)) ?? found[0]!
    const missing = workflow.missingChoices.filter(({ input = '' }) => !Object.hasOwn(values, input))
    // Else a server that is away may have the choice.
    if (missing.length > 0 && areAll)
      throw new EngineError(422, missing.map(({ message }) => message).join('. '))
    const { plan, planId } = await planOf(workflow)
    const { changes, seeds } = changesOf(workflow, values, id)
    const needs = needsOf(workflow, changeGraph(plan.graph, changes), files)
    const job: Job = {
      id,
      workflowId: workflow.listing.id,
      groupId,
      owner: caller.owner,
      createdAt: Date.now(),
      shown: [...inputs, ...[...seeds].map(([path, value]) => ({ path, value }))],
      plan: planId,
      needs: await digestNeeds(JSON.stringify(needs)),
      changes,
      files,
      ...(previews && { previews }),
    }
    const { number, id: runId } = await queue.add(job, plan, needs, caller, once, webhookUrl)
    const run = toRun({ ...job, ...plan, id: runId }, { status: 'queued', progress: 0 })
    if (runId === id) void assignRuns(state)
    // The key has a run already, with files of its own.
    else discard()
    return { run, number }
  }

  function discard(): void {
    if (files.length > 0) void queue.files.removeInputs(id).catch(() => {})
  }

  return {
    workflow: mergeListings(found),
    putFile,
    putUrl: async (input, address) => putFile(input, await openUrl(inputHosts, input, address, signal)),
    submit: (submission) =>
      submit(submission).catch((error) => {
        // After a 502 the run may be there, and need its files.
        if (error instanceof EngineError && error.status !== 502) discard()
        return nothingStarted(error)
      }),
    discard,
  }
}

/** Whether a server has all choices that were sent, and the choices of the graph in all other fields. */
function fits({ inputs, missingChoices }: ComfyWorkflow, values: Record<string, Scalar | Scalar[]>): boolean {
  if (missingChoices.some(({ input = '' }) => !Object.hasOwn(values, input))) return false
  return Object.entries(values).every(([name, value]) => {
    const options = inputs.get(name)?.options
    return !options || [value].flat().every((one) => options.includes(one))
  })
}

/** What all runs of a workflow have in common, and its id. */
const plans = new WeakMap<ComfyWorkflow, Promise<{ plan: Plan; planId: string }>>()

function planOf(workflow: ComfyWorkflow): Promise<{ plan: Plan; planId: string }> {
  const known = plans.get(workflow)
  if (known) return known
  const plan: Plan = { graph: graphOf(workflow), ...factsOf(workflow) }
  const made = digest(JSON.stringify(plan)).then((planId) => ({ plan, planId }))
  plans.set(workflow, made)
  return made
}

const digest = async (text: string): Promise<string> => (await hashOf(text)).slice(0, 24)

/** Most runs of a workflow have the same needs. */
const digests = createLruCache<string>(100)

const digestNeeds = async (text: string): Promise<string> => (await digests.load(text, () => digest(text)))!
