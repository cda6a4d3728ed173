import { drawSeed, type Scalar } from '../../engine.ts'
import { savedAs } from './outputs.ts'
import type { ComfyWorkflow, GraphNode } from './types.ts'

/**
 * Makes the graph of one run, and gives the seeds that were drawn, by input. The value of a file is its name on the
 * server. Results are saved under a name with the run's id: ComfyUI uses a name again once its folder was emptied, and an
 * old link would show another run's picture.
 */
export function fillGraph(
  { nodes, inputs, outputs }: ComfyWorkflow,
  values: Readonly<Record<string, Scalar | readonly Scalar[]>>,
  runId: string,
): { graph: Record<string, GraphNode>; seeds: Map<string, number> } {
  const seeds = new Map<string, number>()
  const wanted = new Set([...outputs.values()].map(({ node }) => node))
  // Not by assignment: a node or a field may be called `__proto__`.
  const entries = new Map<string, [field: string, value: unknown][]>()
  for (const [id, { node, fields }] of nodes) {
    const { filename_prefix: value } = node.inputs
    const prefix = typeof value === 'string' ? value : (fields.get('filename_prefix')?.default ?? 'ComfyUI')
    const saved: [string, string] = ['filename_prefix', `${prefix}_${runId.slice(0, 8)}`]
    const isSaved = fields.has('filename_prefix') || (wanted.has(id) && savedAs.has(node.class_type))
    entries.set(id, [...Object.entries(node.inputs), ...(isSaved ? [saved] : [])])
  }
  for (const [name, input] of inputs) {
    const isSent = Object.hasOwn(values, name)
    if (input.seed && !isSent) seeds.set(name, drawSeed(input, random))
    const value = isSent ? asValue(values[name]!, input.array) : (seeds.get(name) ?? input.default)
    if (value === undefined) continue
    for (const { node, field } of input.fields) entries.get(node)!.push([field, value])
  }
  const filled = [...nodes].map(([id, { node }]) => {
    const class_type = (wanted.has(id) && savedAs.get(node.class_type)) || node.class_type
    return [id, { ...node, class_type, inputs: Object.fromEntries(entries.get(id)!) }] as const
  })
  return { graph: Object.fromEntries(filled), seeds }
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
