import { BYPASSED, type EditorNode, isOff, SUBGRAPH_INPUT } from './readEditor.ts'
import { type FlatNode, nameOf, type Scope } from './subgraphs.ts'

/** Where an input gets its value from. */
export type Source =
  | { readonly kind: 'node'; readonly node: FlatNode; readonly output: number }
  /** A primitive of the editor. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** A muted node: the input gets nothing, not even the node's own value. */
  | { readonly kind: 'muted' | 'problem'; readonly reason: string }

const PRIMITIVE = 'PrimitiveNode'
const REROUTE = 'Reroute'
const NOTES = ['Note', 'MarkdownNote']
/** The nodes that only the editor has. */
export const EDITOR_NODES: readonly string[] = [PRIMITIVE, REROUTE, ...NOTES]
const MOST_STEPS = 1000

const problem = (reason: string): Source => ({ kind: 'problem', reason })

/**
 * Follows the link of an input through reroutes, bypassed nodes, and the borders of subgraphs. `undefined`: there is no
 * link, or it ends at nothing, and the node's own value counts.
 */
export function findSource(flat: FlatNode, slot: number): Source | undefined {
  let { link: next, type } = flat.node.inputs[slot]!
  let [scope, to]: [Scope, string | undefined] = [flat.scope, flat.node.id]
  for (let step = 0; next !== undefined; step++) {
    const [link, { host }] = [scope.graph.links.get(next), scope]
    if (!link) return problem(`its link ${next} does not exist`)
    if (to !== undefined && link.to !== to) return problem(`its link ${next} leads to node ${link.to}`)
    if (step > MOST_STEPS) return problem(`its link runs in a circle, or through ${MOST_STEPS} nodes`)
    const { from, output } = link
    if (from === SUBGRAPH_INPUT && host) {
      const name = scope.graph.inputs[output]
      if (name === undefined) return problem(`its link ${next} comes from input ${output}, which is gone`)
      next = host.node.inputs.find((one) => one.name === name)?.link
      scope = host.scope
      to = host.node.id
      continue
    }
    const node = scope.nodes.get(from)
    if (!node) return problem(`its link ${next} comes from node ${from}, which does not exist`)
    const { node: editor, inside } = node
    const { outputs } = inside?.graph ?? editor
    // Scripts that write files may leave out the outputs of a node.
    if (output >= outputs.length && (inside || outputs.length > 0))
      return problem(`${nameOf(node)} has no output ${output}`)
    if (inside) {
      scope = inside
      next = inside.graph.outputs[output]
      to = undefined
      continue
    }
    if (editor.type === PRIMITIVE) return primitiveOf(node)
    if (NOTES.includes(editor.type)) return undefined
    const isBypassed = editor.mode === BYPASSED
    if (!isBypassed && editor.type !== REROUTE) {
      if (isOff(editor)) return { kind: 'muted', reason: `comes from the muted ${nameOf(node)}` }
      return { kind: 'node', node, output }
    }
    const passed = isBypassed ? bypassOf(editor, output, type) : output
    if (passed === 'unclear') return problem(`editors differ in how they bypass ${nameOf(node)}. Remove it`)
    const input = editor.inputs[passed]
    // A bypassed node decides by the type of its own input.
    if (isBypassed && input) type = input.type
    next = input?.link
    to = from
  }
  return undefined
}

function primitiveOf({ id, node: { values, named }, given }: FlatNode): Source {
  const value = given.get('value') ?? values[0] ?? named?.value
  return value == null ? problem(`the primitive ${id} has no value`) : { kind: 'value', value }
}

/**
 * The input of a bypassed node that takes the place of an output: the one beside it, else one of the same type. Older
 * editors compare the types as texts, newer ones also take `FLOAT` for `FLOAT,INT`. -1: none.
 */
function bypassOf({ inputs, outputs }: EditorNode, output: number, type: string): number | 'unclear' {
  const types = inputs.map((input) => input.type)
  const same = types.indexOf(type)
  const fits = (one: string): boolean =>
    isConnectable(one, outputs[output] ?? '*') && isConnectable(one, type)
  const older = types[output] === type ? output : same
  const newer =
    output < types.length && fits(types[output]!) ? output : same >= 0 ? same : types.findIndex(fits)
  return older === newer ? newer : 'unclear'
}

function isConnectable(a: string, b: string): boolean {
  const kinds = (type: string): string[] => type.toLowerCase().split(',')
  const isAny = (type: string): boolean => ['*', '', '0'].includes(type)
  return isAny(a) || isAny(b) || kinds(a).some((one) => kinds(b).includes(one))
}
