import { sayLack } from './sayLack.ts'
import type { KnownNode, Lack, NamedInput } from './types.ts'

/** The choices of the graph that the server does not have. Where a caller has to send another one, it is no lack. */
export function findLacks(
  nodes: readonly KnownNode[],
  inputs: ReadonlyMap<string, NamedInput>,
): readonly Lack[] {
  const inputOf = (node: string, field: string): [string, NamedInput] | undefined =>
    [...inputs].find(([, input]) => input.node === node && input.field === field)
  return nodes.flatMap((known) =>
    [...known.fields.values()].flatMap((field): Lack[] => {
      const { name, options, isEmptyList } = field
      const value = known.node.inputs[name]
      // Of a mixed list, the choices of one type are known.
      const isLacking = isEmptyList
        ? typeof value === 'string'
        : options !== undefined && typeof value === typeof options[0] && !options.includes(value as string)
      const [input, { required = false } = {}] = inputOf(known.id, name) ?? []
      return isLacking && !required ? [{ input, message: sayLack(known, name, value) }] : []
    }),
  )
}
