import type { GraphNode } from './types.ts'

/** What a person calls a node: its title, or else its class. */
export function titleOf({ class_type, _meta }: GraphNode): string {
  const title = typeof _meta?.title === 'string' ? _meta.title.trim() : ''
  return title || class_type
}
