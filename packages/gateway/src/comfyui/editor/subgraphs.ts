// Expands the subgraphs of a file: the nodes inside replace the node that stands for the subgraph, at any depth.
import type { Classes } from './fields.ts'
import { createReadHost, type Given } from './hostFields.ts'
import { type EditorFile, type EditorGraph, type EditorNode, isOff } from './readEditor.ts'

/** The nodes of a file, or those inside of a node that stands for a subgraph. */
export interface Scope {
  readonly graph: EditorGraph
  readonly nodes: Map<string, FlatNode>
  readonly host?: FlatNode
}

export interface FlatNode {
  /** The ids of the nodes around it and its own: `1:2:3`. */
  readonly id: string
  readonly node: EditorNode
  readonly scope: Scope
  /** The values that the nodes around it give to its fields. */
  readonly given: ReadonlyMap<string, Given>
  /** The problems of the nodes around it. */
  readonly problems: string[]
  inside?: Scope
}

const MOST_NODES = 20_000
const MOST_LEVELS = 50

/** Lays open the subgraphs of a file, also nested ones. Adds to `problems` why the file can't be used. */
export function expand(file: EditorFile, classes: Classes, problems: string[]): FlatNode[] {
  // Each round takes away the subgraphs that hold none of the others.
  let left = [...file.subgraphs]
  for (let level = 0; level < MOST_LEVELS && left.length > 0; level++) {
    const types = new Set(left.map(([type]) => type))
    left = left.filter(([, { nodes }]) => [...nodes.values()].some(({ type }) => types.has(type)))
  }
  const flat: FlatNode[] = []
  const readHost = createReadHost(file, classes)
  const open = (scope: Scope, given: ReadonlyMap<string, ReadonlyMap<string, Given>>): void => {
    const { graph, nodes, host } = scope
    for (const node of graph.nodes.values()) {
      if (flat.length > MOST_NODES) return
      const id = host ? `${host.id}:${node.id}` : node.id
      const inner = isOff(node) ? undefined : file.subgraphs.get(node.type)
      const one: FlatNode = { id, node, scope, given: given.get(node.id) ?? new Map(), problems: [] }
      one.problems.push(...(host?.problems ?? []))
      flat.push(one)
      nodes.set(node.id, one)
      if (!inner) continue
      const values = readHost(one, (text) => one.problems.push(`${labelOf(one)}: ${text}`))
      one.inside = { graph: inner, nodes: new Map(), host: one }
      open(one.inside, values)
    }
  }
  if (left.length === 0) open({ graph: file, nodes: new Map() }, new Map())
  else problems.push(`A subgraph holds itself, or subgraphs nest deeper than ${MOST_LEVELS} levels`)
  if (flat.length > MOST_NODES) problems.push(`Its subgraphs hold more than ${MOST_NODES} nodes`)
  return flat.filter(({ inside }) => !inside)
}

/** A node, for a message. */
export function labelOf({ id, node: { title, type } }: FlatNode): string {
  return `node ${id} ${title === undefined || title === type ? '' : `${JSON.stringify(title)} `}(${type})`
}
