// Fills a graph with the values of a run.
import { drawSeed, type Scalar } from '../../engine.ts'
import { savedAs } from './outputs.ts'
import type { ComfyWorkflow, GraphNode } from './types.ts'

/** The changes of a run in a graph: of each node, the class and the fields that differ. */
export type Changes = readonly (readonly [
  node: string,
  fields: readonly (readonly [field: string, value: unknown])[],
  classType?: string,
])[]

/**
 * The changes of one run in its workflow's graph, and the seeds that were drawn, by input. The value of a file is its name
 * on the server. Results are saved under a name with the run's id: ComfyUI uses a name again once its folder was emptied,
 * and an old link would show another run's picture.
 */
export function changesOf(
  { nodes, inputs, outputs }: ComfyWorkflow,
  values: Readonly<Record<string, Scalar | readonly Scalar[]>>,
  runId: string,
): { changes: Changes; seeds: Map<string, number> } {
  const seeds = new Map<string, number>()
  const wanted = new Set([...outputs.values()].map(({ node }) => node))
  const changes = new Map<string, [id: string, fields: [string, unknown][], classType?: string]>()
  for (const [id, { node, fields }] of nodes) {
    const classType = wanted.has(id) ? savedAs.get(node.class_type) : undefined
    const { filename_prefix: value } = node.inputs
    const prefix = typeof value === 'string' ? value : (fields.get('filename_prefix')?.default ?? 'ComfyUI')
    const isSaved = fields.has('filename_prefix') || classType !== undefined
    const own: [string, unknown][] = isSaved ? [['filename_prefix', `${prefix}_${runId.slice(0, 8)}`]] : []
    changes.set(id, classType === undefined ? [id, own] : [id, own, classType])
  }
  for (const [name, input] of inputs) {
    const isSent = Object.hasOwn(values, name)
    if (input.seed && !isSent) seeds.set(name, drawSeed(input, random))
    const value = isSent ? asValue(values[name]!, input.array) : (seeds.get(name) ?? input.default)
    if (value === undefined) continue
    for (const { node, field } of input.fields) {
      if (nodes.get(node)!.node.inputs[field] !== value) changes.get(node)![1].push([field, value])
    }
  }
  return { changes: [...changes.values()].filter(([, fields]) => fields.length > 0), seeds }
}

/** The graph with the changes. Not by assignment: a node or a field may be called `__proto__`. */
export function changeGraph(
  graph: Readonly<Record<string, GraphNode>>,
  changes: Changes,
): Record<string, GraphNode> {
  const byNode = new Map(changes.map(([id, ...change]) => [id, change]))
  const changed = Object.entries(graph).map(([id, node]): [string, GraphNode] => {
    const [fields = [], class_type = node.class_type] = byNode.get(id) ?? []
    return [
      id,
      { ...node, class_type, inputs: Object.fromEntries([...Object.entries(node.inputs), ...fields]) },
    ]
  })
  return Object.fromEntries(changed)
}

/** The graph of a workflow, without the values of a run. */
export const graphOf = ({ nodes }: ComfyWorkflow): Record<string, GraphNode> =>
  Object.fromEntries([...nodes].map(([id, { node }]) => [id, node]))

/** The graph of one run, and the seeds that were drawn. */
export function fillGraph(
  workflow: ComfyWorkflow,
  values: Parameters<typeof changesOf>[1],
  runId: string,
): { graph: Record<string, GraphNode>; seeds: Map<string, number> } {
  const { changes, seeds } = changesOf(workflow, values, runId)
  return { graph: changeGraph(graphOf(workflow), changes), seeds }
}

/** ComfyUI takes a bare list for a link to another node. */
function asValue(value: Scalar | readonly Scalar[], array: boolean): unknown {
  if (typeof value === 'object') return { __value__: [...value] }
  return array ? { __value__: [value] } : value
}

/** A number from 0 up to 1, with 53 random bits. */
function random(): number {
  const [high = 0, rest = 0] = crypto.getRandomValues(new Uint32Array(2))
  return ((high >>> 11) * 2 ** 32 + rest) / 2 ** 53
}
