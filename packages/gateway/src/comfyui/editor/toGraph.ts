// Converts a file of ComfyUI's editor to the API format.
import { uploadOf } from '../workflows/fields.ts'
import type { Authored, ClassInfo, GraphNode, Origin, Place } from '../workflows/types.ts'
import {
  type Classes,
  defaultOf,
  type EditorField,
  fieldsOf,
  infoOf,
  isMade,
  leastOf,
  misfitOf,
  shorten,
} from './fields.ts'
import { type Budget, EDITOR_NODES, findSource, PRIMITIVE } from './findSource.ts'
import { type EditorNode, isOff, readEditor } from './readEditor.ts'
import { expand, type FlatNode, labelOf } from './subgraphs.ts'
import { readWidgets } from './widgets.ts'

/** A workflow in the API format, or the reasons why it is not understood. Each names its node. */
export type Conversion =
  | {
      readonly graph: Record<string, GraphNode>
      readonly notes: readonly string[]
      readonly authored?: Authored
    }
  | { readonly problems: readonly string[] }

/** The most links that are followed: more take seconds, and reroutes and subgraphs repeat them. */
const MOST_STEPS = 1_000_000

/**
 * Converts a file of ComfyUI's editor into the API format, which `/prompt` takes. Nothing is guessed: any doubt
 * about a node that an output needs is a problem. Other nodes with a problem are left out, with a note.
 */
export function toGraph(file: unknown, classes: Classes): Conversion {
  const problems: string[] = []
  const notes: string[] = []
  const editor = readEditor(file, problems, notes)
  const flat = problems.length > 0 ? [] : expand(editor, classes, problems)
  if (problems.length > 0) return { problems }
  const running = flat.filter(({ node }) => !isOff(node) && !EDITOR_NODES.includes(node.type))
  const budget = { steps: MOST_STEPS }
  const read = (one: FlatNode): Draft => convert(one, infoOf(one.node.type, classes), editor.version, budget)
  const drafts = running.map(read)

  const used = new Set(drafts.flatMap(sourcesOf))
  // A node of an unknown class at the end of links may be an output.
  const isOutput = (draft: Draft): boolean =>
    draft.info ? draft.info.output_node === true : sourcesOf(draft).length > 0 && !used.has(draft.flat.id)
  const outputs = drafts.filter(isOutput)
  // ComfyUI leaves out an unfinished output, too, and runs the others.
  const finished = outputs.filter(({ missing }) => missing.length === 0)
  if (finished.length > 0) for (const { problems, missing } of outputs) problems.push(...missing)
  const needed = new Set((finished.length > 0 ? finished : outputs).map(({ flat }) => flat.id))
  const byId = new Map(drafts.map((draft) => [draft.flat.id, draft]))
  // The loop also visits the ids that it adds.
  for (const id of needed) for (const source of sourcesOf(byId.get(id)!)) needed.add(source)
  const inNeed = drafts.filter(({ flat }) => needed.has(flat.id))
  const found = inNeed.flatMap((draft) => [...draft.problems, ...draft.missing])
  if (found.length > 0) return { problems: [...new Set(found)] }

  const kept = drafts.filter(({ problems }) => problems.length === 0)
  const left = drafts.flatMap(({ problems: [one] }) => (one ? `${one}. The node is left out` : []))
  if (kept.length === 0) return { problems: ['No node can run', ...left] }
  const ids = new Set(kept.map(({ flat }) => flat.id))
  // Of several with a name, the first counts, and a title only where no node has it as its name for searches.
  const named = new Map<unknown, FlatNode>()
  const last = [...flat].reverse()
  for (const one of last) named.set(titleOf(one.node, infoOf(one.node.type, classes)), one)
  for (const one of last) named.set(one.node.properties['Node name for S&R'] ?? one.node.type, one)
  for (const draft of kept) {
    fillPrefix(draft, (name, field) => {
      const one = named.get(name)
      if (one?.node.type === PRIMITIVE) return field === 'value' ? one.node.values[0] : undefined
      if (one && !byId.has(one.id)) byId.set(one.id, read(one))
      return one && byId.get(one.id)!.shown.get(field)
    })
  }
  const graph = Object.fromEntries(kept.map((draft) => [draft.flat.id, toNode(draft, ids)]))
  const authored = { origins: originsOf(kept), app: editor.app }
  return { graph, notes: [...notes, ...kept.flatMap(({ notes }) => notes), ...left], authored }
}

/** The classes whose `filename_prefix` the editor fills. */
const FILLED =
  /^(Save(Image|Video|AnimatedWEBP|WEBM|Audio|GLB|AnimatedPNG|Latent)|CLIPSave|VAESave|ModelSave|LoraSave)$/

/** Fills `%Node.field%` in the name of a file, as the editor does. ComfyUI fills the rest, such as `%width%`. */
function fillPrefix({ flat, inputs, notes }: Draft, find: (name: string, field: string) => unknown): void {
  const prefix = inputs.get('filename_prefix')
  if (typeof prefix !== 'string' || prefix.length > LONGEST_PREFIX || !FILLED.test(flat.node.type)) return
  const filled = prefix.replace(/%([^%]+)%/g, (whole, inner: string) => {
    const [, name, field] = /^([^.]*)\.([^.]*)$/.exec(inner) ?? []
    if (name === undefined && !inner.startsWith('date:')) return whole
    const value = name === undefined ? undefined : find(name, field!)
    const text = String(value ?? '').replace(/[/?<>\\:*|"\p{Cc}]/gu, '_')
    if (value !== undefined && text.length <= LONGEST_PREFIX) return text
    notes.push(`${labelOf(flat)}: filename_prefix: the editor fills ${shorten(whole)}. It is sent as it is`)
    return whole
  })
  inputs.set('filename_prefix', filled)
}

const LONGEST_PREFIX = 1000

/** Each origin once, with all fields that it sets. */
function originsOf(drafts: readonly Draft[]): Authored['origins'] {
  const found = new Map<string, Origin & { fields: Place[] }>()
  for (const { flat, inputs, origins } of drafts) {
    for (const [field, from] of origins) {
      const key = JSON.stringify([from.node, from.name])
      const origin = found.get(key) ?? { ...from, fields: [] }
      if (inputs.has(field)) found.set(key, origin)
      if (inputs.has(field)) origin.fields.push({ node: flat.id, field })
    }
  }
  return [...found.values()]
}

/** The classes that a file in the format of the editor names. */
export function typesOf(file: unknown): string[] {
  const { subgraphs, ...root } = readEditor(file, [])
  const nodes = [root, ...subgraphs.values()].flatMap((graph) => [...graph.nodes.values()])
  return nodes.map(({ type }) => type).filter((type) => !subgraphs.has(type) && !EDITOR_NODES.includes(type))
}

/** The ids of the nodes that a node has links from. A value that is a list is wrapped. */
const sourcesOf = ({ inputs }: Draft): string[] =>
  [...inputs.values()].flatMap((value) => (Array.isArray(value) ? value[0] : []))

function toNode({ flat: { node }, info, inputs }: Draft, ids: ReadonlySet<string>): GraphNode {
  const kept = [...inputs].filter(([, value]) => !Array.isArray(value) || ids.has(value[0]))
  return { class_type: node.type, inputs: Object.fromEntries(kept), _meta: { title: titleOf(node, info) } }
}

/** The title that the editor shows. */
const titleOf = ({ title, type }: EditorNode, info: ClassInfo | undefined): string =>
  title ?? (typeof info?.display_name === 'string' ? info.display_name : type)

type Draft = ReturnType<typeof convert>

/** Converts a node, before it is known whether an output needs it. */
function convert(flat: FlatNode, info: ClassInfo | undefined, version: number, budget: Budget) {
  const { node, given } = flat
  const inputs = new Map<string, unknown>()
  const problems = [...flat.problems]
  /** The required inputs without a value or a link. */
  const missing: string[] = []
  const notes: string[] = []
  /** The origins of fields that something else sets, too. */
  const origins = new Map<string, Origin>()
  const say = (to: string[], text: string): unknown => to.push(`${labelOf(flat)}: ${text}`)

  const sources = node.inputs.map(
    ({ name }, slot) => [name, findSource(flat, slot, version, budget)] as const,
  )
  const linked = new Map(sources.flatMap(([name, source]) => (source ? [[name, source]] : [])))
  const own = readWidgets(node, info ?? {}, new Set(linked.keys()), version)
  const values = new Map(own.values)
  for (const { widget, label } of node.inputs)
    if (widget !== undefined && label !== undefined)
      origins.set(widget, { node: flat.id, name: widget, title: label })
  for (const [name, { value, from }] of given) {
    origins.set(name, from)
    if (value != null) values.set(name, value)
  }
  for (const [name, source] of linked) {
    values.delete(name)
    origins.delete(name)
    if (source.kind === 'value') origins.set(name, source.from)
    if (source.kind === 'value') values.set(name, source.value)
    if (source.kind === 'node') inputs.set(name, [source.node.id, source.output])
    if (source.kind === 'problem') say(problems, `${name}: ${source.reason}`)
  }
  /** The values of its fields, as the editor shows them, also where a link wins. */
  const shown = new Map([...own.values, ...values])
  const draft = { flat, info, inputs, problems, missing, notes, shown, origins }
  if (!info) {
    const isGroup = /^workflow[/>]/.test(node.type)
    const advice = 'is a group node. Open the file in a current ComfyUI and save it there'
    say(problems, isGroup ? advice : 'ComfyUI does not have this class')
    return draft
  }

  if (own.problem !== undefined) say(problems, own.problem)
  if (own.note !== undefined) say(notes, own.note)
  const fields = [...fieldsOf(info, (name) => values.get(name))]
  const isKnown = (input: string): boolean =>
    fields.some(({ kind, name }) => (kind === 'group' ? input.startsWith(`${name}.`) : name === input))
  for (const name of inputs.keys())
    if (!isKnown(name)) say(notes, `its class has no input ${JSON.stringify(name)}, which has a link`)
  for (const field of fields) {
    const { name, required, kind } = field
    const source = linked.get(name)
    if (source?.kind === 'node' || source?.kind === 'problem') continue
    const without = leastOf(field).find((one) => !inputs.has(one))
    if (without !== undefined) say(missing, `${without} needs a link`)
    else if (source?.kind === 'muted' && required) say(missing, `${name} ${source.reason}`)
    else if (values.has(name)) setValue(field, values.get(name))
    else if (kind === 'socket' && required) say(missing, `${name} needs a link`)
    else if (kind === 'widget' && !source) setDefault(field)
  }
  return draft

  function setValue(field: EditorField, value: unknown): void {
    const { name, choices, about } = field
    const reason = isMade(field) ? 'only the editor can make its value' : misfitOf(field, value)
    if (reason !== undefined) return void say(problems, `${name}: ${reason}`)
    inputs.set(name, wrap(field, typeof value === 'string' ? readText(field, value) : value))
    if (choices && typeof value === 'string' && !choices.includes(value) && !uploadOf(about))
      say(notes, `${name} ${shorten(value)} is not on this ComfyUI`)
  }

  function setDefault(field: EditorField): void {
    const { name, required } = field
    const preset = required ? defaultOf(field) : undefined
    if (preset !== undefined) inputs.set(name, wrap(field, preset))
    else if (required) say(missing, `${name} has no value`)
    const then = required ? `gets ${shorten(preset)}, as its class says` : 'is not sent'
    say(notes, `${name} has no value in the file and ${then}`)
  }

  /** The editor removes comments, and draws one of the choices in `{a|b}`. The latter is not done here. */
  function readText({ name, about }: EditorField, text: string): string {
    if (about.dynamicPrompts !== true) return text
    // A comment without an end is none, for the editor, too.
    const plain = text.replace(/\/\*[\s\S]*?(\*\/|$)|\/\/.*/g, (comment, end) =>
      end === '' ? comment.replace(/\/\/.*/g, '') : '',
    )
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
