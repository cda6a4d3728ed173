import { readFields } from '../../../comfyui/workflows/fields.ts'
import type { ClassInfo, GraphNode, KnownNode } from '../../../comfyui/workflows/types.ts'

/**
 * Joins a node with the server's facts about its class. A seed may be as large as 2^64 - 1, which `JSON.parse` makes
 * larger, and the server then refuses it; so a number above 2^53 becomes the largest that is exact.
 */
export function knowNode(id: string, node: GraphNode, info: ClassInfo | undefined): KnownNode {
  const fields = readFields(node, info)
  const links = new Map<string, string>()
  const cut: string[] = []
  const inputs = Object.entries(node.inputs).map(([name, value]): [string, unknown] => {
    // ComfyUI takes every list for a link.
    if (Array.isArray(value)) links.set(name, JSON.stringify(value[0] ?? null))
    if (typeof value !== 'number' || !fields.get(name)?.integer) return [name, value]
    if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return [name, value]
    cut.push(name)
    return [name, Math.sign(value) * Number.MAX_SAFE_INTEGER]
  })
  const title = typeof node._meta?.title === 'string' ? node._meta.title.trim() : ''
  return {
    id,
    node: { ...node, inputs: Object.fromEntries(inputs) },
    title: title || node.class_type,
    info,
    fields,
    links,
    cut,
  }
}
