import type { Scalar } from '../../../engine.ts'
import type { ComfyWorkflow, FilledGraph, NamedInput } from './types.ts'

/**
 * Makes the graph of one run. A file's value is its name on the server. Files are saved under the run's own suffix,
 * since ComfyUI gives a name again once the folder was emptied: an old link would then show another run's picture.
 */
export function fillGraph(
  workflow: ComfyWorkflow,
  values: Readonly<Record<string, Scalar | readonly Scalar[]>>,
  runId: string,
): FilledGraph {
  const seeds = new Map<string, number>()
  const changes = new Map<string, [field: string, value: unknown][]>()
  const change = (node: string, field: string, value: unknown): void => {
    changes.set(node, [...(changes.get(node) ?? []), [field, value]])
  }
  for (const [name, input] of workflow.inputs) {
    if (Object.hasOwn(values, name)) {
      change(input.node, input.field, asValue(values[name]!, input.array))
    } else if (input.seed) {
      const seed = drawSeed(input)
      seeds.set(name, seed)
      change(input.node, input.field, seed)
    } else if (input.default !== undefined) change(input.node, input.field, input.default)
  }
  for (const { node, prefix } of workflow.saves) {
    change(node, 'filename_prefix', `${prefix}_${runId.slice(0, 8)}`)
  }
  // Not by assignment: a node or a field may be called `__proto__`.
  const nodes = [...workflow.graph].map(([id, node]) => {
    const inputs = Object.fromEntries([...Object.entries(node.inputs), ...(changes.get(id) ?? [])])
    return [id, { ...node, inputs }] as const
  })
  return {
    graph: Object.fromEntries(nodes),
    seeds,
    outputs: new Map([...workflow.outputs].map(([name, { node }]) => [name, node])),
    nodes: nodes.length,
  }
}

/** ComfyUI takes a bare list for a link to another node. */
function asValue(value: Scalar | readonly Scalar[], array: boolean): unknown {
  if (typeof value === 'object') return { __value__: [...value] }
  return array ? { __value__: [value] } : value
}

function drawSeed({ min = 0, max = Number.MAX_SAFE_INTEGER }: NamedInput): number {
  const low = Math.max(min, Math.min(0, max))
  const [high = 0, rest = 0] = crypto.getRandomValues(new Uint32Array(2))
  return low + (((high >>> 11) * 2 ** 32 + rest) % (max - low + 1))
}
