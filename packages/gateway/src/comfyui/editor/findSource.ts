import { BYPASSED, type EditorNode, isOff, SUBGRAPH_INPUT } from './readEditor.ts'
import { type FlatNode, nameOf, type Scope } from './subgraphs.ts'

/** Where an input gets its value from. */
export type Source =
  | { readonly kind: 'node'; readonly node: FlatNode; readonly output: number }
  /** A primitive of the editor. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** A muted node: the input gets nothing, not even the node's own value. */
  | { readonly kind: 'muted'; readonly reason: string }
  | { readonly kind: 'problem'; readonly reason: string }
  /** No link, or one that ends at nothing: the node's own value counts. */
  | { readonly kind: 'own' }

interface Place {
  readonly node: FlatNode
  /** The number of an input or output. */
  readonly slot: number
}

const OWN: Source = { kind: 'own' }
const PRIMITIVE = 'PrimitiveNode'
const REROUTE = 'Reroute'
const NOTES = ['Note', 'MarkdownNote']
/** The nodes that only the editor has. */
export const EDITOR_NODES: readonly string[] = [PRIMITIVE, REROUTE, ...NOTES]

const problem = (reason: string): Source => ({ kind: 'problem', reason })

/** Follows the link of an input through reroutes, bypassed nodes, and the borders of subgraphs. */
export function findSource(node: FlatNode, slot: number): Source {
  const visited = new Set<string>()
  let input: Place = { node, slot }
  let type: string | undefined
  for (;;) {
    const place = `${input.node.id} ${input.slot}`
    if (visited.has(place)) return problem('its link runs in a circle')
    visited.add(place)
    const { link, type: own } = input.node.node.inputs[input.slot]!
    if (link === undefined) return OWN
    type ??= own
    const from = follow(input.node, link)
    if ('kind' in from) return from
    const { side, ...origin } = from
    if (side === 'input') {
      input = origin
      continue
    }
    const { node: editor } = origin.node
    if (editor.type === PRIMITIVE) return primitiveOf(origin.node)
    if (NOTES.includes(editor.type)) return OWN
    const isBypassed = editor.mode === BYPASSED
    if (!isBypassed && editor.type !== REROUTE) {
      if (isOff(editor)) return { kind: 'muted', reason: `comes from the muted ${nameOf(origin.node)}` }
      return { kind: 'node', node: origin.node, output: origin.slot }
    }
    const next = isBypassed ? bypassOf(editor, origin.slot, type) : origin.slot
    if (next === 'unclear')
      return problem(`editors differ in how they bypass ${nameOf(origin.node)}. Remove that node`)
    if (editor.inputs[next] === undefined) return OWN
    input = { node: origin.node, slot: next }
    // A bypassed node decides by the type of its own input.
    if (isBypassed) type = undefined
  }
}

/** What a link comes from: the output of a node with a class, or the input of the node around its graph. */
function follow(at: FlatNode, id: string): (Place & { side: 'input' | 'output' }) | Source {
  let scope: Scope = at.scope
  let link = scope.graph.links.get(id)
  if (link && link.to !== at.node.id) return problem(`its link ${id} leads to node ${link.to}`)
  for (;;) {
    if (!link) return problem(`its link ${id} does not exist`)
    const { from, output } = link
    if (from === SUBGRAPH_INPUT && scope.host) {
      const name = scope.subgraph!.inputs[output]
      if (name === undefined)
        return problem(`its link ${id} comes from input ${output} of a subgraph that has no such input`)
      const slot = scope.host.node.inputs.findIndex((one) => one.name === name)
      return slot < 0 ? OWN : { node: scope.host, slot, side: 'input' }
    }
    const node: FlatNode | undefined = scope.nodes.get(from)
    if (!node) return problem(`its link ${id} comes from node ${from}, which does not exist`)
    if (!node.inside) return { node, slot: output, side: 'output' }
    scope = node.inside
    const inner: string | undefined = scope.subgraph!.outputs[output]
    if (output >= scope.subgraph!.outputs.length) return problem(`${nameOf(node)} has no output ${output}`)
    if (inner === undefined) return OWN
    link = scope.graph.links.get(inner)
  }
}

function primitiveOf({ id, node: { values, named }, given }: FlatNode): Source {
  const value = given.get('value') ?? values?.[0] ?? named?.value
  return value == null ? problem(`the primitive ${id} has no value`) : { kind: 'value', value }
}

/**
 * The input of a bypassed node that takes the place of an output: the one beside it, else one of the same type. Older
 * editors compare the types as texts, newer ones also take `FLOAT` for `FLOAT,INT`. -1: none.
 */
function bypassOf({ inputs, outputs }: EditorNode, output: number, type: string): number | 'unclear' {
  const types = inputs.map((input) => input.type)
  const older = types[output] === type ? output : types.indexOf(type)
  const fits = (one: string | undefined): boolean =>
    one !== undefined && isConnectable(one, outputs[output] ?? '*') && isConnectable(one, type)
  const same = types.indexOf(type)
  const newer = fits(types[output]) ? output : same >= 0 ? same : types.findIndex(fits)
  return older === newer ? newer : 'unclear'
}

function isConnectable(a: string, b: string): boolean {
  const kinds = (type: string): string[] => type.toLowerCase().split(',')
  const isAny = (type: string): boolean => ['*', '', '0'].includes(type)
  return isAny(a) || isAny(b) || kinds(a).some((one) => kinds(b).includes(one))
}
