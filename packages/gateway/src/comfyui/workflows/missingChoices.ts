import { sayLack } from '../../engines/comfyui/workflows/sayLack.ts'
import type { KnownNode, Lack, NamedInput } from './types.ts'

/** The choices of the graph that the server does not have, except in inputs that the caller must send. */
export function findLacks(
  nodes: readonly KnownNode[],
  inputs: ReadonlyMap<string, NamedInput>,
): readonly Lack[] {
  const inputOf = (node: string, field: string): [string, NamedInput] | undefined =>
    [...inputs].find(([, input]) => input.node === node && input.field === field)
  const needed = findNeeded(nodes)
  const checked = nodes.filter(({ id }) => needed.has(id))
  return checked.flatMap((known) =>
    [...known.fields.values()].flatMap((field): Lack[] => {
      const { name, options, isEmptyList } = field
      const value = known.node.inputs[name]
      // `options` holds one type only: values of another type are not checked.
      const isLacking = isEmptyList
        ? typeof value === 'string'
        : options !== undefined && typeof value === typeof options[0] && !options.includes(value as string)
      const [input, { required = false } = {}] = inputOf(known.id, name) ?? []
      return isLacking && !required ? [{ input, message: sayLack(known, name, value) }] : []
    }),
  )
}

/** The ids of the nodes that an output needs. ComfyUI checks only these. */
function findNeeded(nodes: readonly KnownNode[]): Set<string> {
  const inputsOf = new Map(nodes.map(({ id, node }) => [id, Object.values(node.inputs)]))
  const needed = new Set(nodes.flatMap(({ id, info }) => (info?.output_node === false ? [] : id)))
  // The loop also visits the ids that it adds.
  for (const id of needed) {
    for (const value of inputsOf.get(id) ?? []) if (Array.isArray(value)) needed.add(String(value[0]))
  }
  return needed
}
