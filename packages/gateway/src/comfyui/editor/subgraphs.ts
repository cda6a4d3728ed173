import { createHostFields, type IsControlled } from './hostFields.ts'
import {
  BYPASSED,
  type EditorFile,
  type EditorGraph,
  type EditorNode,
  MUTED,
  type Subgraph,
} from './readEditor.ts'

/** The nodes of a file, or those inside of a node that stands for a subgraph. */
export interface Scope {
  readonly graph: EditorGraph
  readonly nodes: Map<string, FlatNode>
  readonly host?: FlatNode
  readonly subgraph?: Subgraph
}

export interface FlatNode {
  /** The ids of the nodes around it and its own, such as `1:2:3`. */
  readonly id: string
  readonly node: EditorNode
  readonly scope: Scope
  /** The values that the nodes around it give to its fields. */
  readonly given: ReadonlyMap<string, unknown>
  /** The inside of a node that stands for a subgraph. */
  readonly inside: Scope | undefined
  /** What is not understood of its values, and of the nodes around it. */
  readonly problems: readonly string[]
}

const MOST_NODES = 20_000
const MOST_LEVELS = 50
const NOTHING: ReadonlyMap<string, unknown> = new Map()

/** Lays open the subgraphs of a file, also nested ones. `problems` gets what makes the whole file unusable. */
export function expand(file: EditorFile, isControlled: IsControlled, problems: string[]): FlatNode[] {
  const circle = findCircle(file)
  if (circle) {
    problems.push(
      `The subgraph ${JSON.stringify(circle)} holds itself, or others nest deeper than ${MOST_LEVELS} levels`,
    )
    return []
  }
  const hosts = createHostFields(file, isControlled)
  const flat: FlatNode[] = []
  const open = (scope: Scope, given: ReadonlyMap<string, ReadonlyMap<string, unknown>>): Scope => {
    for (const node of scope.graph.nodes.values()) {
      if (flat.length > MOST_NODES) break
      const id = scope.host ? `${scope.host.id}:${node.id}` : node.id
      const around = scope.host?.problems ?? []
      const own = {
        id,
        node,
        scope,
        given: given.get(node.id) ?? NOTHING,
        inside: undefined,
        problems: around,
      }
      const subgraph = isOff(node) ? undefined : file.subgraphs.get(node.type)
      if (!subgraph) {
        scope.nodes.set(node.id, own)
        flat.push(own)
        continue
      }
      const found: string[] = []
      const values = hosts.valuesOf(node, own.given, found)
      const host = { ...own, problems: [...around, ...found.map((reason) => `${nameOf(own)}: ${reason}`)] }
      const inside: Scope = { graph: subgraph, nodes: new Map(), host, subgraph }
      scope.nodes.set(node.id, { ...host, inside })
      open(inside, values)
    }
    return scope
  }
  open({ graph: file.root, nodes: new Map() }, new Map())
  if (flat.length > MOST_NODES) problems.push(`The file has more than ${MOST_NODES} nodes in its subgraphs`)
  return flat
}

export const isOff = ({ mode }: EditorNode): boolean => mode === MUTED || mode === BYPASSED

/** A node, for a message. */
export function nameOf({ id, node: { title, type } }: Pick<FlatNode, 'id' | 'node'>): string {
  return title === undefined || title === type
    ? `node ${id} (${type})`
    : `node ${id} ${JSON.stringify(title)} (${type})`
}

/** A subgraph that holds itself, or one that is nested too deep to be read. */
function findCircle({ subgraphs }: EditorFile): string | undefined {
  const levels = new Map<string, number>()
  const levelOf = (type: string, around: number): number => {
    if (around > MOST_LEVELS) return Number.POSITIVE_INFINITY
    const before = levels.get(type)
    if (before !== undefined) return before
    const inner = [...subgraphs.get(type)!.nodes.values()].filter((node) => subgraphs.has(node.type))
    const level = 1 + Math.max(0, ...inner.map((node) => levelOf(node.type, around + 1)))
    levels.set(type, level)
    return level
  }
  return [...subgraphs.keys()].find((type) => levelOf(type, 0) > MOST_LEVELS)
}
