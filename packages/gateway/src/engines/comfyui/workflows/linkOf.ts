import type { KnownNode } from './types.ts'

/** The node that a field gets its value from. ComfyUI takes every list for a link. */
export function linkOf({ node: { inputs } }: KnownNode, field: string): string | undefined {
  const value = Object.hasOwn(inputs, field) ? inputs[field] : undefined
  return Array.isArray(value) ? JSON.stringify(value[0] ?? null) : undefined
}
