import type { ReadClass } from '../api/classes.ts'
import { readFields } from '../workflows/fields.ts'
import { findNeeded } from '../workflows/missingChoices.ts'
import type { ComfyWorkflow, GraphNode } from '../workflows/types.ts'

/** What a server must have for a run: node classes, and choices such as models. Each node has its choices only. */
export type Needs = readonly Pick<GraphNode, 'class_type' | 'inputs'>[]

/** The needs of a filled graph, by the fields that the workflow was read with. The values of `uploads` are no choices. */
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
