import type { KnownNode } from './types.ts'

const MOST_SHOWN = 20

/** The node that an entry of a sidecar names, by text or number. */
export function findNode(where: string, id: unknown, nodes: ReadonlyMap<string, KnownNode>): KnownNode {
  const known = typeof id === 'string' || typeof id === 'number' ? nodes.get(String(id)) : undefined
  if (known) return known
  const shown = [...nodes.keys()].slice(0, MOST_SHOWN).map((key) => JSON.stringify(key))
  const ids = shown.join(', ') + (nodes.size > MOST_SHOWN ? '…' : '')
  throw new Error(
    `${where}.node: no node ${JSON.stringify(id) ?? 'is given'} in the workflow. Nodes are ${ids}`,
  )
}
