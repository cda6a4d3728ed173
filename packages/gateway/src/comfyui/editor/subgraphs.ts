import { createReadHost, type IsControlled } from './hostFields.ts'
import { type EditorFile, type EditorGraph, type EditorNode, isOff, type Subgraph } from './readEditor.ts'

/** The nodes of a file, or those inside of a node that stands for a subgraph. */
export interface Scope {
  readonly graph: EditorGraph
  readonly nodes: Map<string, FlatNode>
  readonly host?: FlatNode
  readonly subgraph?: Subgraph
}

export interface FlatNode {
  /** The ids of the nodes around it and its own: `1:2:3`. */
  readonly id: string
  readonly node: EditorNode
  readonly scope: Scope
  /** The values that the nodes around it give to its fields. */
  readonly given: ReadonlyMap<string, unknown>
  readonly inside?: Scope
  /** What is not understood of the nodes around it. */
  readonly problems: readonly string[]
}

const MOST_NODES = 20_000
const MOST_LEVELS = 50

/** Lays open the subgraphs of a file, also nested ones. `problems` gets what makes the file unusable. */
export function expand(file: EditorFile, isControlled: IsControlled, problems: string[]): FlatNode[] {
  const flat: FlatNode[] = []
  if ([...file.subgraphs.keys()].some((type) => isTooDeep(type, file, new Map(), 0))) {
    problems.push(`A subgraph holds itself, or subgraphs nest deeper than ${MOST_LEVELS} levels`)
    return flat
  }
  const readHost = createReadHost(file, isControlled)
  const open = (scope: Scope, given: ReadonlyMap<string, ReadonlyMap<string, unknown>>): void => {
    const around = scope.host?.problems ?? []
    for (const node of scope.graph.nodes.values()) {
      if (flat.length > MOST_NODES) return
      const id = scope.host ? `${scope.host.id}:${node.id}` : node.id
      const one = { id, node, scope, given: given.get(node.id) ?? new Map(), problems: around }
      const subgraph = isOff(node) ? undefined : file.subgraphs.get(node.type)
      flat.push(one)
      if (!subgraph) scope.nodes.set(node.id, one)
      else {
        const found: string[] = []
        const values = readHost(node, one.given, found)
        const host = { ...one, problems: [...around, ...found.map((text) => `${nameOf(one)}: ${text}`)] }
        const inside = { graph: subgraph, nodes: new Map(), host, subgraph }
        flat.pop()
        scope.nodes.set(node.id, { ...host, inside })
        open(inside, values)
      }
    }
  }
  open({ graph: file, nodes: new Map() }, new Map())
  if (flat.length > MOST_NODES) problems.push(`Its subgraphs hold more than ${MOST_NODES} nodes`)
  return flat
}

/** A node, for a message. */
export function nameOf({ id, node: { title, type } }: Pick<FlatNode, 'id' | 'node'>): string {
  return `node ${id} ${title === undefined || title === type ? '' : `${JSON.stringify(title)} `}(${type})`
}

function isTooDeep(type: string, file: EditorFile, known: Map<string, boolean>, level: number): boolean {
  if (level > MOST_LEVELS) return true
  const before = known.get(type)
  if (before !== undefined) return before
  const inner = new Set([...file.subgraphs.get(type)!.nodes.values()].map((node) => node.type))
  const found = [...inner].some((one) => file.subgraphs.has(one) && isTooDeep(one, file, known, level + 1))
  known.set(type, found)
  return found
}
