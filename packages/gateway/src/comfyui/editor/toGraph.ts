import { type ClassInfo, type GraphNode, isObject } from '../workflows/types.ts'
import { defaultOf, type EditorField, fieldsOf, isMade, misfitOf, orderedOf, shorten } from './fields.ts'
import { EDITOR_NODES, findSource } from './findSource.ts'
import { type EditorNode, readEditor } from './readEditor.ts'
import { expand, type FlatNode, isOff, nameOf } from './subgraphs.ts'
import { readWidgets } from './widgets.ts'

/** A file of the editor in the API format, or the reasons why it is not understood. Each names its node. */
export type Conversion =
  | { readonly graph: Record<string, GraphNode>; readonly notes: readonly string[] }
  | { readonly problems: readonly string[] }

/** `/object_info` of a ComfyUI. */
export type Classes = Readonly<Record<string, ClassInfo>>

/** A node before it is known whether an output needs it. */
interface Built {
  readonly flat: FlatNode
  readonly info: ClassInfo | undefined
  readonly inputs: Map<string, unknown>
  /** The ids of the nodes that its inputs come from. */
  readonly sources: Set<string>
  readonly problems: string[]
  /** Required inputs that have nothing: a problem only if an output needs the node. */
  readonly missing: string[]
  readonly notes: string[]
}

/**
 * Converts a file of ComfyUI's editor into the API format, which `/prompt` takes. Nothing is guessed: what is not
 * understood of a node that an output needs is a problem. Other nodes with a problem are left out, with a note.
 */
export function toGraph(file: unknown, classes: Classes): Conversion {
  const problems: string[] = []
  const read = readEditor(file, problems)
  if (problems.length > 0) return { problems }
  const infoOf = (node: EditorNode): ClassInfo | undefined =>
    Object.hasOwn(classes, node.type) && isObject(classes[node.type]) ? classes[node.type] : undefined
  const isControlled = (node: EditorNode, name: string): boolean => {
    const { input, input_order } = infoOf(node) ?? {}
    return orderedOf(input, input_order).some((field) => field.name === name && field.isControlled)
  }
  const flat = expand(read, isControlled, problems)
  if (problems.length > 0) return { problems }
  const built = new Map<string, Built>()
  for (const node of flat) {
    if (isOff(node.node) || EDITOR_NODES.includes(node.node.type)) continue
    built.set(node.id, build(node, infoOf(node.node), read.isRecent))
  }
  const needed = findNeeded(built)
  const inOrder = [...built.values()].filter(({ flat: { id } }) => needed.has(id))
  const found = inOrder.flatMap((one) => [...one.problems, ...one.missing])
  found.push(...findCircle(inOrder))
  if (found.length > 0) return { problems: [...new Set(found)] }
  const notes = inOrder.flatMap((one) => one.notes)
  const left = new Set<string>()
  for (const {
    flat: node,
    problems: [reason],
  } of built.values()) {
    if (reason === undefined) continue
    left.add(node.id)
    notes.push(`${reason}. No output needs this node, so it is left out`)
  }
  const graph = [...built.values()]
    .filter(({ flat: { id } }) => !left.has(id))
    .map((one) => toNode(one, left))
  if (graph.length > 0) return { graph: Object.fromEntries(graph), notes: [...new Set(notes)] }
  return { problems: ['No node of the file can run', ...notes] }
}

function toNode({ flat: { id, node }, info, inputs }: Built, left: ReadonlySet<string>): [string, GraphNode] {
  const kept = [...inputs].filter(([, value]) => !(Array.isArray(value) && left.has(value[0])))
  const title = node.title ?? (typeof info?.display_name === 'string' ? info.display_name : node.type)
  return [id, { class_type: node.type, inputs: Object.fromEntries(kept), _meta: { title } }]
}

function build(flat: FlatNode, info: ClassInfo | undefined, isRecent: boolean): Built {
  const { node } = flat
  const inputs = new Map<string, unknown>()
  const one: Built = { flat, info, inputs, sources: new Set(), problems: [], missing: [], notes: [] }
  const say = (to: string[], text: string): unknown => to.push(`${nameOf(flat)}: ${text}`)
  const values = ownValues(one, isRecent, say)
  const fields = new Map(fieldsOf(info ?? {}, (name) => values.get(name)).map((field) => [field.name, field]))

  const linked = new Map<string, ReturnType<typeof findSource>>()
  for (const [index, { name, link }] of node.inputs.entries()) {
    if (link === undefined || linked.has(name)) continue
    const source = findSource(flat, index)
    linked.set(name, source)
    if (source.from === 'problem') say(one.problems, `${name}: ${source.problem}`)
    if (source.from !== 'node') continue
    inputs.set(name, [source.node.id, source.output])
    one.sources.add(source.node.id)
    const isKnown =
      fields.has(name) ||
      [...fields.values()].some(({ kind, name: group }) => kind === 'group' && name.startsWith(`${group}.`))
    if (info && !isKnown) say(one.notes, `its class has no input ${JSON.stringify(name)}, which has a link`)
  }
  if (!info) return one

  for (const field of fields.values()) {
    const { name, required, kind, least } = field
    const source = linked.get(name) ?? { from: 'nothing' }
    if (source.from === 'node' || source.from === 'problem') continue
    const value =
      source.from === 'value' ? source.value : source.from === 'nothing' ? values.get(name) : undefined
    if (kind === 'group') {
      const without = least.find((bare) => !inputs.has(`${name}.${bare}`))
      if (without !== undefined) say(one.missing, `${name}.${without} needs a link`)
    } else if (source.from === 'muted') {
      if (required) say(one.missing, `${name} is linked to the muted ${nameOf(source.node)}`)
    } else if (kind === 'socket') {
      if (source.from === 'value') setValue(one, field, value, say)
      else if (required) say(one.missing, `${name} needs a link`)
    } else setValue(one, field, value, say)
  }
  return one
}

type Say = (to: string[], text: string) => unknown

/** The values of the node itself, below those that the nodes around it give to it. */
function ownValues(
  { flat, info, problems, notes }: Built,
  isRecent: boolean,
  say: Say,
): Map<string, unknown> {
  const { node, given } = flat
  problems.push(...flat.problems)
  if (!info) {
    say(problems, groupNode(node) ?? 'ComfyUI does not have this class')
    return new Map()
  }
  const linked = node.inputs.flatMap(({ name, link }) => (link === undefined ? [] : [name]))
  const own = readWidgets(node, info, new Set([...linked, ...given.keys()]), isRecent)
  if (own.problem !== undefined) say(problems, own.problem)
  for (const note of own.notes) say(notes, note)
  return new Map([...own.values, ...given])
}

function groupNode({ type }: EditorNode): string | undefined {
  if (!/^workflow[/>]/.test(type)) return undefined
  return 'it is a group node, which ComfyUI no longer has. Open the file in a current ComfyUI and save it there'
}

/** Checks and sets the value of a field. A required field without a value gets the one of its class. */
function setValue(one: Built, field: EditorField, value: unknown, say: Say): void {
  const { name, required } = field
  if (isMade(field)) {
    if (required) say(one.missing, `only the editor can make the value of ${name}`)
    return
  }
  if (value === undefined) {
    if (!required) return
    const preset = defaultOf(field)
    if (preset === undefined) say(one.missing, `${name} has no value`)
    else say(one.notes, `${name} has no value in the file. It is ${shorten(preset)}, as its class says`)
    if (preset !== undefined) one.inputs.set(name, wrap(field, preset))
    return
  }
  const reason = misfitOf(field, value)
  if (reason !== undefined) say(one.problems, `${name}: ${reason}`)
  else one.inputs.set(name, wrap(field, typeof value === 'string' ? readText(one, field, value, say) : value))
  if (reason === undefined && field.choices && field.choices.length > 0 && !Array.isArray(value)) {
    if (!field.choices.includes(value) && !field.isUpload)
      say(one.notes, `${name} ${shorten(value)} is not on this ComfyUI`)
  }
}

/** What the editor does to a text before it sends it. It draws one of the choices in `{a|b}`, which is not done here. */
function readText(one: Built, { name, about }: EditorField, text: string, say: Say): string {
  if (name === 'filename_prefix' && /%[^%]+%/.test(text)) {
    say(one.notes, `${name} ${shorten(text)} is sent as it is. The editor replaces the parts in %…%`)
  }
  if (about.dynamicPrompts !== true) return text
  const plain = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
  if (!/(^|[^\\])\{/.test(plain)) return plain.replace(/\\([{}|])/g, '$1')
  say(one.notes, `${name} is sent as it is. The editor draws one of the choices in {…|…}`)
  return plain
}

/** ComfyUI takes a bare list for a link. */
function wrap({ types }: EditorField, value: unknown): unknown {
  if (types[0] === 'CURVE') return { __type__: 'CURVE', __value__: value }
  return Array.isArray(value) ? { __value__: value } : value
}

/** The nodes that an output needs. A node of an unknown class at the end of links may be an output. */
function findNeeded(built: ReadonlyMap<string, Built>): Set<string> {
  const sources = new Set([...built.values()].flatMap((one) => [...one.sources]))
  const isOutput = ({ flat: { id }, info, inputs }: Built): boolean =>
    info ? info.output_node === true : inputs.size > 0 && !sources.has(id)
  const needed = new Set([...built].flatMap(([id, one]) => (isOutput(one) ? [id] : [])))
  // The loop also visits the ids that it adds.
  for (const id of needed) for (const source of built.get(id)?.sources ?? []) needed.add(source)
  return needed
}

/** Nodes that wait for each other. */
function findCircle(nodes: readonly Built[]): string[] {
  const waiting = new Map(nodes.map((one) => [one.flat.id, new Set(one.sources)]))
  const targets = new Map<string, string[]>()
  for (const [id, sources] of waiting)
    for (const source of sources) targets.set(source, [...(targets.get(source) ?? []), id])
  const free = nodes.flatMap(({ flat: { id }, sources }) => (sources.size === 0 ? [id] : []))
  for (const id of free) {
    waiting.delete(id)
    for (const target of targets.get(id) ?? []) {
      const sources = waiting.get(target)
      sources?.delete(id)
      if (sources?.size === 0) free.push(target)
    }
  }
  const ids = [...waiting.keys()]
  return ids.length === 0
    ? []
    : [`The nodes ${ids.slice(0, 10).join(', ')} wait for each other, or for such nodes`]
}
