import type { KnownNode } from './types.ts'

/** Whether a field gets its value from another node. ComfyUI takes every list for a link. */
export function isLink({ node }: KnownNode, field: string): boolean {
  return Object.hasOwn(node.inputs, field) && Array.isArray(node.inputs[field])
}
