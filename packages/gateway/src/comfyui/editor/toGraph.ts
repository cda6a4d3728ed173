import { type ClassInfo, type GraphNode, isObject } from '../workflows/types.ts'
import {
  defaultOf,
  type EditorField,
  fieldsOf,
  isMade,
  isUpload,
  misfitOf,
  outerOf,
  shorten,
} from './fields.ts'
import { EDITOR_NODES, findSource, type Source } from './findSource.ts'
import { type EditorNode, isOff, readEditor } from './readEditor.ts'
import { expand, type FlatNode, nameOf } from './subgraphs.ts'
import { readWidgets } from './widgets.ts'

/** A workflow in the API format, or the reasons why it is not understood. Each names its node. */
export type Conversion =
  | { readonly graph: Record<string, GraphNode>; readonly notes: readonly string[] }
  | { readonly problems: readonly string[] }

/** `/object_info` of a ComfyUI. */
export type Classes = Readonly<Record<string, ClassInfo>>

/** A converted node, before it is known whether an output needs it. */
interface Draft {
  readonly flat: FlatNode
  readonly info: ClassInfo | undefined
  readonly inputs: Map<string, unknown>
  /** The ids of the nodes that its inputs come from. */
  readonly sources: Set<string>
  readonly problems: string[]
  /** The required inputs that have nothing. */
  readonly missing: string[]
  readonly notes: string[]
}

/**
 * Converts a file of ComfyUI's editor into the API format, which `/prompt` takes. Nothing is guessed: what is not
 * understood of a node that an output needs is a problem. Other nodes with a problem are left out, with a note.
 */
export function toGraph(file: unknown, classes: Classes): Conversion {
  const problems: string[] = []
  const editor = readEditor(file, problems)
  const infoOf = ({ type }: EditorNode): ClassInfo | undefined =>
    Object.hasOwn(classes, type) && isObject(classes[type]) ? classes[type] : undefined
  const isControlled = (node: EditorNode, name: string): boolean =>
    outerOf(infoOf(node) ?? {}).some((field) => field.name === name && field.isControlled)
  const flat = problems.length > 0 ? [] : expand(editor, isControlled, problems)
  if (problems.length > 0) return { problems }
  const drafts = new Map(
    flat
      .filter(({ node }) => !isOff(node) && !EDITOR_NODES.includes(node.type))
      .map((one) => [one.id, convert(one, infoOf(one.node), editor.isRecent)]),
  )

  const left = new Map<string, string>()
  const outputs = [...drafts.values()].filter((draft) => isOutput(draft, drafts))
  // ComfyUI leaves out an unfinished output, too, and runs the others.
  const finished = outputs.filter(({ missing }) => missing.length === 0)
  if (finished.length > 0)
    for (const { flat, missing } of outputs) if (missing[0]) left.set(flat.id, missing[0])
  const needed = new Set((finished.length > 0 ? finished : outputs).map((draft) => draft.flat.id))
  // The loop also visits the ids that it adds.
  for (const id of needed) for (const source of drafts.get(id)!.sources) needed.add(source)
  const inNeed = [...drafts.values()].filter((draft) => needed.has(draft.flat.id))
  const found = inNeed.flatMap((draft) => [...draft.problems, ...draft.missing])
  if (found.length > 0) return { problems: [...new Set(found)] }

  for (const [id, draft] of drafts) if (draft.problems[0] !== undefined) left.set(id, draft.problems[0])
  const leftOut = [...left.values()].map((reason) => `${reason}. The node is left out`)
  const kept = [...drafts.values()].filter(({ flat: { id } }) => !left.has(id))
  if (kept.length === 0) return { problems: ['No node can run', ...leftOut] }
  const graph = Object.fromEntries(kept.map((draft) => toNode(draft, left)))
  return { graph, notes: [...kept.flatMap(({ notes }) => notes), ...leftOut] }
}

/** The classes that a file in the format of the editor names. */
export function typesOf(file: unknown): string[] {
  const { subgraphs, ...root } = readEditor(file, [])
  const types = [root, ...subgraphs.values()].flatMap(({ nodes }) =>
    [...nodes.values()].map(({ type }) => type),
  )
  return types.filter((type) => !subgraphs.has(type) && !EDITOR_NODES.includes(type))
}

/** A node of an unknown class at the end of links may be an output. */
function isOutput({ flat, info, sources }: Draft, drafts: ReadonlyMap<string, Draft>): boolean {
  if (info) return info.output_node === true
  return sources.size > 0 && ![...drafts.values()].some((draft) => draft.sources.has(flat.id))
}

function toNode(
  { flat: { id, node }, info, inputs }: Draft,
  left: ReadonlyMap<string, string>,
): [string, GraphNode] {
  const kept = [...inputs].filter(([, value]) => !(Array.isArray(value) && left.has(value[0])))
  const title = node.title ?? (typeof info?.display_name === 'string' ? info.display_name : node.type)
  return [id, { class_type: node.type, inputs: Object.fromEntries(kept), _meta: { title } }]
}

function convert(flat: FlatNode, info: ClassInfo | undefined, isRecent: boolean): Draft {
  const { node, given } = flat
  const draft: Draft = {
    flat,
    info,
    inputs: new Map(),
    sources: new Set(),
    problems: [],
    missing: [],
    notes: [],
  }
  const { inputs, sources, problems, missing, notes } = draft
  const say = (to: string[], text: string): unknown => to.push(`${nameOf(flat)}: ${text}`)
  problems.push(...flat.problems)

  const linked = new Map<string, Source>()
  for (const [slot, { name, link }] of node.inputs.entries()) {
    const source = link === undefined ? undefined : findSource(flat, slot)
    if (!source || source.kind === 'own') continue
    linked.set(name, source)
    if (source.kind === 'problem') say(problems, `${name}: ${source.reason}`)
    if (source.kind !== 'node') continue
    inputs.set(name, [source.node.id, source.output])
    sources.add(source.node.id)
  }
  if (!info) {
    const isGroup = /^workflow[/>]/.test(node.type)
    const advice = 'is a group node. Open the file in a current ComfyUI and save it there'
    say(problems, isGroup ? advice : 'ComfyUI does not have this class')
    return draft
  }

  const own = readWidgets(node, info, new Set(linked.keys()), isRecent)
  if (own.problem !== undefined) say(problems, own.problem)
  if (own.note !== undefined) say(notes, own.note)
  const values = new Map([...own.values, ...given])
  for (const [name, source] of linked) {
    if (source.kind === 'value') values.set(name, source.value)
    else values.delete(name)
  }
  const fields = fieldsOf(info, (name) => values.get(name))
  for (const name of inputs.keys()) {
    const isKnown = fields.some((field) =>
      field.kind === 'group' ? name.startsWith(`${field.name}.`) : field.name === name,
    )
    if (!isKnown) say(notes, `its class has no input ${JSON.stringify(name)}, which has a link`)
  }
  for (const field of fields) {
    const { name, required, kind, least } = field
    const source = linked.get(name)
    if (source?.kind === 'node' || source?.kind === 'problem') continue
    const without = kind === 'group' ? least.find((bare) => !inputs.has(`${name}.${bare}`)) : undefined
    if (without !== undefined) say(missing, `${name}.${without} needs a link`)
    else if (source?.kind === 'muted' && required) say(missing, `${name} ${source.reason}`)
    else if (kind === 'socket' && required && !values.has(name)) say(missing, `${name} needs a link`)
    else if (values.has(name)) setValue(field, values.get(name))
    else if (kind === 'widget' && !source) setDefault(field)
  }
  return draft

  function setValue(field: EditorField, value: unknown): void {
    const { name, choices, about } = field
    const reason = isMade(field) ? 'only the editor can make its value' : misfitOf(field, value)
    if (reason !== undefined) say(problems, `${name}: ${reason}`)
    else inputs.set(name, wrap(field, typeof value === 'string' ? readText(field, value) : value))
    const isMissing = choices && typeof value === 'string' && !choices.includes(value) && !isUpload(about)
    if (reason === undefined && isMissing) say(notes, `${name} ${shorten(value)} is not on this ComfyUI`)
  }

  function setDefault(field: EditorField): void {
    const { name, required } = field
    const preset = required ? defaultOf(field) : undefined
    if (preset !== undefined) inputs.set(name, wrap(field, preset))
    else if (required) say(missing, `${name} has no value`)
    const then = required ? `gets ${shorten(preset)}, as its class says` : 'is not sent'
    say(notes, `${name} has no value in the file and ${then}`)
  }

  /** The editor removes comments, draws one of the choices in `{a|b}`, and fills `%…%`. The last two are not done here. */
  function readText({ name, about }: EditorField, text: string): string {
    if (name === 'filename_prefix' && /%[^%]+%/.test(text))
      say(notes, `${name}: the editor fills ${shorten(text)}. It is sent as it is`)
    if (about.dynamicPrompts !== true) return text
    const plain = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    if (!/(^|[^\\])\{/.test(plain)) return plain.replace(/\\([{}|])/g, '$1')
    say(notes, `${name}: the editor draws one of the choices in {…|…}. They are sent as they are`)
    return plain
  }
}

/** ComfyUI takes a bare list for a link. */
function wrap({ types }: EditorField, value: unknown): unknown {
  if (types[0] === 'CURVE') return { __type__: 'CURVE', __value__: value }
  return Array.isArray(value) ? { __value__: value } : value
}
