import { isObject } from '../workflows/types.ts'

/** A file in the format of ComfyUI's editor, checked for its shape. */
export interface EditorFile {
  readonly root: EditorGraph
  /** By the type of the nodes that stand for them. */
  readonly subgraphs: ReadonlyMap<string, Subgraph>
  /** Whether an editor of 1.16 or later wrote the file. Unknown before. */
  readonly isRecent: boolean
}

export interface EditorGraph {
  readonly nodes: ReadonlyMap<string, EditorNode>
  readonly links: ReadonlyMap<string, EditorLink>
}

export interface Subgraph extends EditorGraph {
  /** The names of its inputs. Links from node -10 count them. */
  readonly inputs: readonly string[]
  /** The link that each output takes its value from. */
  readonly outputs: readonly (string | undefined)[]
}

export interface EditorNode {
  readonly id: string
  readonly type: string
  readonly title: string | undefined
  readonly mode: unknown
  readonly inputs: readonly EditorSlot[]
  /** The types of its outputs. */
  readonly outputs: readonly string[]
  readonly values: readonly unknown[] | undefined
  /** The values by the names of their fields. */
  readonly named: Readonly<Record<string, unknown>> | undefined
  readonly properties: Readonly<Record<string, unknown>>
}

export interface EditorSlot {
  readonly name: string
  readonly type: string
  readonly link: string | undefined
  /** The field that this input can fill instead of the node's own value. */
  readonly widget: string | undefined
}

export interface EditorLink {
  readonly from: string
  readonly output: number
  readonly to: string
}

export const MUTED = 2
export const BYPASSED = 4
/** The node inside a subgraph whose outputs are the subgraph's inputs. */
export const SUBGRAPH_INPUT = '-10'

/** Whether a file is in the format of the editor. */
export const isEditorFile = (file: unknown): file is Record<string, unknown> =>
  isObject(file) && Array.isArray(file.nodes)

/** Reads a file of version 0.4 or 1. `problems` gets what is not understood. */
export function readEditor(file: unknown, problems: string[]): EditorFile {
  if (!isEditorFile(file)) problems.push('The file has no list of nodes, as the editor of ComfyUI saves it')
  const { definitions, extra, ...root } = isObject(file) ? file : {}
  const inner = isObject(definitions) ? listOf(definitions.subgraphs) : []
  const subgraphs = inner.flatMap((raw, index): [string, Subgraph][] => {
    if (isObject(raw) && typeof raw.id === 'string') return [[raw.id, readSubgraph(raw, problems)]]
    problems.push(`definitions.subgraphs[${index}] has no id`)
    return []
  })
  const [major = 0, minor = 0] = isObject(extra) ? String(extra.frontendVersion).split('.').map(Number) : []
  return {
    root: readGraph(root, 'nodes', problems),
    subgraphs: new Map(subgraphs),
    isRecent: major > 1 || (major === 1 && minor >= 16),
  }
}

function readSubgraph(raw: Record<string, unknown>, problems: string[]): Subgraph {
  return {
    ...readGraph(raw, `the nodes of the subgraph ${JSON.stringify(raw.name ?? raw.id)}`, problems),
    inputs: listOf(raw.inputs).map((input) => (isObject(input) ? String(input.name) : '')),
    outputs: listOf(raw.outputs).map((output) => idOf(isObject(output) && listOf(output.linkIds)[0])),
  }
}

function readGraph(raw: Record<string, unknown>, where: string, problems: string[]): EditorGraph {
  const nodes = new Map<string, EditorNode>()
  for (const [index, entry] of listOf(raw.nodes).entries()) {
    const node = readNode(entry)
    if (!node) problems.push(`${where}[${index}] is no node with an id and a type`)
    else if (nodes.has(node.id)) problems.push(`${where} have the id ${node.id} twice`)
    else nodes.set(node.id, node)
  }
  const links = new Map<string, EditorLink>()
  for (const entry of listOf(raw.links)) {
    const link = readLink(entry)
    if (link) links.set(...link)
  }
  return { nodes, links }
}

function readNode(raw: unknown): EditorNode | undefined {
  if (!isObject(raw) || typeof raw.type !== 'string') return undefined
  const { type, title, mode, widgets_values: values, widgets_values_named: named, properties } = raw
  const id = idOf(raw.id)
  if (id === undefined) return undefined
  return {
    id,
    type,
    title: typeof title === 'string' && title.trim() !== '' ? title : undefined,
    mode,
    inputs: listOf(raw.inputs).map(readSlot),
    outputs: listOf(raw.outputs).map((output) => (isObject(output) ? String(output.type) : '')),
    values: Array.isArray(values) ? values : undefined,
    named: isObject(named) ? named : isObject(values) ? values : undefined,
    properties: isObject(properties) ? properties : {},
  }
}

function readSlot(raw: unknown): EditorSlot {
  if (!isObject(raw)) return { name: '', type: '', link: undefined, widget: undefined }
  const { name, type, link, widget } = raw
  const field = isObject(widget) ? widget.name : undefined
  return {
    name: String(name),
    type: String(type),
    link: idOf(link),
    widget: typeof field === 'string' ? field : undefined,
  }
}

/** A link is `[id, from, output, to, input, type]`, or an object in newer files. Others are as good as none. */
function readLink(raw: unknown): [id: string, link: EditorLink] | undefined {
  const [id, from, output, to] = Array.isArray(raw)
    ? raw
    : isObject(raw)
      ? [raw.id, raw.origin_id, raw.origin_slot, raw.target_id]
      : []
  const ids = [idOf(id), idOf(from), idOf(to)] as const
  if (ids[0] === undefined || ids[1] === undefined || ids[2] === undefined) return undefined
  return Number.isInteger(output) && output >= 0 ? [ids[0], { from: ids[1], output, to: ids[2] }] : undefined
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
