import { BYPASSED, type EditorNode, MUTED, SUBGRAPH_INPUT } from './readEditor.ts'
import type { FlatNode, Scope } from './subgraphs.ts'

/** Where the value of an input comes from. */
export type Source =
  | { readonly from: 'node'; readonly node: FlatNode; readonly output: number }
  /** A primitive of the editor. */
  | { readonly from: 'value'; readonly value: unknown }
  /** Its link leads to a muted node: it gets nothing, not even the node's own value. */
  | { readonly from: 'muted'; readonly node: FlatNode }
  /** No link, or one that ends nowhere: the node's own value counts. */
  | { readonly from: 'nothing' }
  | { readonly from: 'problem'; readonly problem: string }

const NOTHING: Source = { from: 'nothing' }
/** The nodes that only the editor has. */
const NOTES = ['Note', 'MarkdownNote']
const REROUTE = 'Reroute'
const PRIMITIVE = 'PrimitiveNode'
export const EDITOR_NODES: readonly string[] = [...NOTES, REROUTE, PRIMITIVE]

interface Output {
  readonly node: FlatNode
  readonly output: number
}

/** Follows the link of an input through reroutes, bypassed nodes, and the borders of subgraphs. */
export function findSource(node: FlatNode, slot: number): Source {
  const visited = new Set<string>()
  let [at, input, type]: [FlatNode, number, string | undefined] = [node, slot, undefined]
  for (;;) {
    const found = linkedTo(at, input)
    if (found === undefined) return NOTHING
    if (typeof found === 'string') return { from: 'problem', problem: found }
    type ??= at.node.inputs[input]!.type
    if ('input' in found) {
      at = found.node
      input = found.input
    } else {
      const { node: origin, output } = found
      const through = passThrough(origin.node, output, type)
      if (through === undefined) return NOTHING
      if (through === 'own') return ownSource(origin, output)
      at = origin
      input = through
      // A bypassed node decides by the type of its own input what comes next.
      if (origin.node.mode === BYPASSED) type = undefined
    }
    const place = `${at.id} ${input}`
    if (visited.has(place)) return { from: 'problem', problem: 'its link runs in a circle' }
    visited.add(place)
  }
}

/**
 * What an input is linked to: an output of a node with a class, or the input of the node around it. A text is a problem.
 */
function linkedTo(
  at: FlatNode,
  input: number,
): Output | { node: FlatNode; input: number } | string | undefined {
  const id = at.node.inputs[input]?.link
  if (id === undefined) return undefined
  let link = at.scope.graph.links.get(id)
  if (!link) return `its link ${id} does not exist`
  if (link.to !== at.node.id) return `its link ${id} leads to node ${link.to}`
  let scope: Scope = at.scope
  for (;;) {
    if (link.from === SUBGRAPH_INPUT && scope.host) {
      const { host, subgraph } = scope
      const around = inputAround(host, subgraph!.inputs, link.output)
      if (typeof around === 'string') return around
      return around < 0 ? undefined : { node: host, input: around }
    }
    const node: FlatNode | undefined = scope.nodes.get(link.from)
    if (!node) return `its link comes from node ${link.from}, which does not exist`
    if (!node.inside) return { node, output: link.output }
    // Into the subgraph, to the node that gives this output.
    scope = node.inside
    const inner: string | undefined = scope.subgraph!.outputs[link.output]
    if (inner === undefined) return undefined
    const next = scope.graph.links.get(inner)
    if (!next) return `the link ${inner} inside of node ${node.id} does not exist`
    link = next
  }
}

/** The input of a node for a subgraph that its subgraph names so. Several can have one name. */
function inputAround(host: FlatNode, names: readonly string[], index: number): number | string {
  const name = names[index]
  if (name === undefined) return `the subgraph around it has no input number ${index}`
  const nth = names.slice(0, index).filter((one) => one === name).length
  const all = host.node.inputs.flatMap((slot, at) => (slot.name === name ? [at] : []))
  return all[nth] ?? -1
}

/** The input through which an output gets its value. `undefined`: none. `own`: the node makes the value. */
function passThrough(node: EditorNode, output: number, type: string): number | 'own' | undefined {
  if (node.type === PRIMITIVE) return 'own'
  if (node.mode === BYPASSED) return bypassOf(node, output, type)
  if (node.type === REROUTE) return node.inputs.length > 0 ? 0 : undefined
  return NOTES.includes(node.type) ? undefined : 'own'
}

/** The input of a bypassed node that takes the place of an output: the one beside it, else one of the same type. */
function bypassOf({ inputs, outputs }: EditorNode, output: number, type: string): number | undefined {
  const own = outputs[output]
  if (own === undefined) return undefined
  if (type === '*' || type === '') return inputs.length > output ? output : 0
  const fits = (input: { type: string } | undefined): boolean =>
    input !== undefined && isConnectable(input.type, own) && isConnectable(input.type, type)
  if (fits(inputs[output])) return output
  const same = inputs.findIndex((input) => input.type === type)
  const found = same >= 0 ? same : inputs.findIndex(fits)
  return found < 0 ? undefined : found
}

function isConnectable(a: string, b: string): boolean {
  const [left, right] = [a, b].map((type) => type.toLowerCase().split(','))
  const isAny = (type: string): boolean => ['*', '', '0', 'undefined'].includes(type)
  return (
    isAny(a) ||
    isAny(b) ||
    left!.some((one) => right!.some((other) => one === other || isAny(one) || isAny(other)))
  )
}

function ownSource(node: FlatNode, output: number): Source {
  if (node.node.type === PRIMITIVE) {
    const { values, named } = node.node
    const value = node.given.get('value') ?? values?.[0] ?? named?.value
    if (value != null) return { from: 'value', value }
    return { from: 'problem', problem: `the primitive ${node.id} that it is linked to has no value` }
  }
  return node.node.mode === MUTED ? { from: 'muted', node } : { from: 'node', node, output }
}
