import { readFields } from './readFields.ts'
import { titleOf } from './titleOf.ts'
import type { ClassInfo, GraphNode, KnownNode } from './types.ts'

/**
 * Joins a node with what the server knows of its class. A seed may be as large as 2^64 - 1, which `JSON.parse` makes
 * larger, and the server then refuses it; so a number above 2^53 becomes the largest that is exact.
 */
export function knowNode(id: string, node: GraphNode, info: ClassInfo | undefined): KnownNode {
  const fields = readFields(node, info)
  const isCut = ([name, value]: [string, unknown]): boolean =>
    fields.get(name)?.integer === true &&
    typeof value === 'number' &&
    Math.abs(value) > Number.MAX_SAFE_INTEGER
  const cut = Object.entries(node.inputs).filter(isCut)
  const exact = cut.map(([name, value]) => [name, Math.sign(Number(value)) * Number.MAX_SAFE_INTEGER])
  const inputs = Object.fromEntries([...Object.entries(node.inputs), ...exact])
  return {
    id,
    node: { ...node, inputs },
    title: titleOf(node),
    info,
    fields,
    cut: cut.map(([name]) => name),
  }
}
