// A run as the queue keeps it: its job and plan, what it needs of a server, and what a server lacks for it.
import type { createQueue } from '../../queue/createQueue.ts'
import { type Entry as AnyEntry, isEntry } from '../../queue/runs.ts'
import type { ReadClass } from '../api/classes.ts'
import type { Ended, Facts, Submitted } from '../runRecord.ts'
import { readFields } from '../workflows/fields.ts'
import type { Changes } from '../workflows/fillGraph.ts'
import { findNeeded } from '../workflows/missingChoices.ts'
import { type ComfyWorkflow, type GraphNode, KEY_ADVICE } from '../workflows/types.ts'

/** The part of a run that is its own. */
export interface Job
  extends Pick<Submitted, 'id' | 'workflowId' | 'groupId' | 'owner' | 'createdAt' | 'shown' | 'previews'> {
  /** The id of its {@link Plan}. */
  readonly plan: string
  /** The id of its {@link Needs}. */
  readonly needs: string
  readonly changes: Changes
  /** The names of its uploads, which are values in the graph, too. */
  readonly files: readonly string[]
}

/** The part that all runs of one version of a workflow share. */
export interface Plan extends Facts {
  readonly graph: Readonly<Record<string, GraphNode>>
}

export type Entry = AnyEntry<Job>

export type ComfyQueue = ReturnType<typeof createQueue<Job, Plan, Needs, Ended>>

/** A run that has not ended. */
export async function entryOf(queue: ComfyQueue, id: string): Promise<Entry | undefined> {
  const found = await queue.get(id)
  return found && isEntry(found) ? found : undefined
}

/** The record of a run: its job and its plan. */
export async function submittedOf(queue: ComfyQueue, job: Job): Promise<Submitted> {
  const { graph: _, ...plan } = await queue.planOf(job)
  const { id, workflowId, groupId, owner, createdAt, shown, previews } = job
  return { id, workflowId, groupId, owner, createdAt, shown, ...(previews && { previews }), ...plan }
}

/** What a server must have for a run: node classes, and choices such as models. A node has only the fields that are choices. */
type Needs = readonly Pick<GraphNode, 'class_type' | 'inputs'>[]

/** The needs of a filled graph. The workflow says which fields are choices; the names of `uploads` are none. */
export function needsOf(
  { nodes }: ComfyWorkflow,
  graph: Readonly<Record<string, GraphNode>>,
  uploads: readonly string[],
): Needs {
  const needed = findNeeded([...nodes.values()])
  const texts = [...nodes.values()].map(({ id, fields }) => {
    const { class_type, inputs } = graph[id]!
    const choices = Object.entries(inputs).filter(([name, value]) => {
      const { options, isEmptyList } = fields.get(name) ?? {}
      const isChoice = options ? typeof value === typeof options[0] : isEmptyList && typeof value === 'string'
      return isChoice && needed.has(id) && !uploads.includes(value as string)
    })
    return JSON.stringify({ class_type, inputs: Object.fromEntries(choices) })
  })
  return [...new Set(texts)].sort().map((text) => JSON.parse(text))
}

/** What a server lacks for a run, in words; `undefined` if it has all. */
export async function lackOf(needs: Needs, readClass: ReadClass): Promise<string | undefined> {
  const infos = await Promise.all(needs.map(({ class_type }) => readClass(class_type)))
  for (const [index, node] of needs.entries()) {
    const info = infos[index]
    if (!info) return `the node class "${node.class_type}"`
    if (info.lacksKey) return `a key for ${node.class_type}. ${KEY_ADVICE}`
    const fields = readFields(node, info)
    for (const [name, value] of Object.entries(node.inputs)) {
      const { options, isEmptyList } = fields.get(name) ?? {}
      if (isEmptyList || (options && !options.includes(value as string))) {
        return `${JSON.stringify(value)} for ${name} of ${node.class_type}`
      }
    }
  }
  return undefined
}
