// Finds the source of an input's value, through reroutes, subgraphs and muted nodes.
import type { Origin } from '../workflows/types.ts'
import { shorten } from './fields.ts'
import {
  BYPASSED,
  type EditorNode,
  isOff,
  nameOf,
  SET_NODE,
  type Slot,
  SUBGRAPH_INPUT,
} from './readEditor.ts'
import { type FlatNode, labelOf, type Scope } from './subgraphs.ts'

type Source =
  | { readonly kind: 'node'; readonly node: FlatNode; readonly output: number }
  /** A primitive of the editor. */
  | { readonly kind: 'value'; readonly value: unknown; readonly from: Origin }
  /** A muted node: the input gets nothing, not even the node's own value. */
  | { readonly kind: 'muted' | 'problem'; readonly reason: string }

export const PRIMITIVE = 'PrimitiveNode'
/** The nodes that pass on their input, also those of the extensions rgthree and KJNodes. */
const REROUTES = ['Reroute', 'Reroute (rgthree)', SET_NODE]
/** The source of its output is the input of the `SetNode` with its name. */
const GET_NODE = 'GetNode'
/** The nodes that give nothing: notes, and the switches of rgthree that change other nodes in the editor. */
const NOTES = [
  'Note',
  'MarkdownNote',
  'Label (rgthree)',
  'Bookmark (rgthree)',
  'Fast Muter (rgthree)',
  'Fast Bypasser (rgthree)',
  'Fast Groups Muter (rgthree)',
  'Fast Groups Bypasser (rgthree)',
  'Fast Actions Button (rgthree)',
  'Mute / Bypass Relay (rgthree)',
  'Mute / Bypass Repeater (rgthree)',
  'Node Collector (rgthree)',
  'Random Unmuter (rgthree)',
]
/** The nodes that only the editor has. */
export const EDITOR_NODES: readonly string[] = [PRIMITIVE, ...REROUTES, GET_NODE, ...NOTES]
const MOST_STEPS = 1000

/** How many links may still be followed in a file. */
export interface Budget {
  steps: number
}

const problem = (reason: string): Source => ({ kind: 'problem', reason })

/** A link on the way, the node that it should lead to, and the type of the input that asks. */
type Step = Pick<Slot, 'link' | 'type'> & { readonly scope: Scope; readonly to?: string }

/**
 * Follows the link of an input through reroutes, bypassed nodes, and the borders of subgraphs. `undefined`: there is no
 * link, or it ends at nothing, and the node's own value counts.
 */
export function findSource(
  flat: FlatNode,
  slot: number,
  version: number,
  budget: Budget,
): Source | undefined {
  let at: Step = { scope: flat.scope, to: flat.node.id, ...flat.node.inputs[slot]! }
  for (let steps = 0; at.link !== undefined; steps++) {
    const { scope, to, type, link: id } = at
    const [link, { graph, host }] = [scope.graph.links.get(id), scope]
    if (!link) return problem(`its link ${id} does not exist`)
    if (to !== undefined && link.to !== to) return problem(`its link ${id} leads to node ${link.to}`)
    if (budget.steps-- <= 0) return problem('the links of the file run through too many nodes')
    if (steps > MOST_STEPS) return problem(`its link runs in a circle, or through ${MOST_STEPS} nodes`)
    const { from, output } = link
    if (from === SUBGRAPH_INPUT && host) {
      const name = graph.inputs[output]
      if (name === undefined) return problem(`its link ${id} comes from input ${output}, which is gone`)
      const input = host.node.inputs.find((one) => one.name === name)
      at = { scope: host.scope, to: host.node.id, type, link: undefined, ...input }
      continue
    }
    const node = scope.nodes.get(from)
    if (!node) return problem(`its link ${id} comes from node ${from}, which does not exist`)
    const { node: editor, inside } = node
    const { outputs } = inside?.graph ?? editor
    // Scripts that write files may leave out the outputs of a node.
    if (output >= outputs.length && (inside || outputs.length > 0))
      return problem(`${labelOf(node)} has no output ${output}`)
    if (inside) {
      at = { scope: inside, type, link: inside.graph.outputs[output] }
      continue
    }
    if (editor.type === PRIMITIVE) return primitiveOf(node)
    if (NOTES.includes(editor.type)) return undefined
    const isBypassed = editor.mode === BYPASSED
    if (!isBypassed && editor.type === GET_NODE) {
      const found = findSetter(node, budget)
      if ('problem' in found) return problem(`its link comes from ${labelOf(node)}, and ${found.problem}`)
      const { id: setter, inputs } = found.node
      at = { scope: found.scope, to: setter, type, link: inputs[0]?.link }
      continue
    }
    if (!isBypassed && !REROUTES.includes(editor.type)) {
      if (isOff(editor)) return { kind: 'muted', reason: `comes from the muted ${labelOf(node)}` }
      return { kind: 'node', node, output }
    }
    const [older, newer] = isBypassed ? bypassOf(editor, output, type) : [output, output]
    if (older !== newer && !(version >= 1028))
      return problem(`editors differ in how they bypass ${labelOf(node)}. Save the file in a current one`)
    const input = editor.inputs[newer]
    // A bypassed node decides by the type of its own input.
    at = { scope, to: from, type: isBypassed && input ? input.type : type, link: input?.link }
  }
  return undefined
}

/**
 * The `SetNode` with the name of a `GetNode`: the first one in its own graph, else the only one in the graphs around it.
 * Where those have several, the editor takes none.
 */
function findSetter(
  { node, scope }: FlatNode,
  budget: Budget,
): { readonly scope: Scope; readonly node: EditorNode } | { readonly problem: string } {
  const name = nameOf(node)
  const [own] = scope.graph.setters.get(name) ?? []
  if (own) return { scope, node: own }
  const found: { scope: Scope; node: EditorNode }[] = []
  for (let at = scope.host?.scope; at && found.length < 2; at = at.host?.scope, budget.steps--)
    for (const one of at.graph.setters.get(name)?.slice(0, 2) ?? []) found.push({ scope: at, node: one })
  const [only, other] = found
  if (only && !other) return only
  const named = `the name ${shorten(name)}`
  if (other) return { problem: `several SetNodes outside of its subgraph have ${named}. Rename all but one` }
  return { problem: `no SetNode has ${named}. Add one, or link the input itself` }
}

function primitiveOf({ id, node: { values, named, title }, given }: FlatNode): Source {
  const outer = given.get('value')
  const value = outer?.value ?? values[0] ?? named?.value
  const from = outer?.from ?? { node: id, name: 'value', title: title === 'Primitive' ? undefined : title }
  return value == null ? problem(`the primitive ${id} has no value`) : { kind: 'value', value, from }
}

/**
 * The input of a bypassed node that takes the place of an output in older and in newer editors: the one beside it, else
 * one of the same type. Those since 1.28 also take `FLOAT` for `FLOAT,INT`, and any for `*`. -1: none.
 */
function bypassOf({ inputs, outputs }: EditorNode, output: number, type: string): [number, number] {
  const types = inputs.map((input) => input.type)
  const same = types.indexOf(type)
  const older = types[output] === type ? output : same
  if (type === '*' || type === '')
    return [older, output < types.length ? output : Math.min(0, types.length - 1)]
  const fits = (one: string): boolean =>
    isConnectable(one, outputs[output] ?? '*') && isConnectable(one, type)
  const isBeside = output < types.length && fits(types[output]!)
  return [older, isBeside ? output : same >= 0 ? same : types.findIndex(fits)]
}

function isConnectable(a: string, b: string): boolean {
  const kinds = (type: string): string[] => type.toLowerCase().split(',')
  const isAny = (type: string): boolean => ['*', '', '0'].includes(type)
  return isAny(a) || isAny(b) || kinds(a).some((one) => kinds(b).includes(one))
}
