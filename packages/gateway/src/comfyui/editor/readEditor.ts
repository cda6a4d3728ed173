// Reads a file in the format of ComfyUI's editor.
import { isObject } from '../../options.ts'
import { isShallow, listOf, MOST_LEVELS } from '../workflows/types.ts'

export interface EditorFile extends EditorGraph {
  /** By the type of the nodes that stand for them. */
  readonly subgraphs: ReadonlyMap<string, EditorGraph>
  /** The version of its editor: 1016 is 1.16. NaN: unknown. */
  readonly version: number
  /** The data of App Mode. */
  readonly app: unknown
}

/** The graph of a file, or a subgraph. */
export interface EditorGraph {
  readonly nodes: ReadonlyMap<string, EditorNode>
  readonly links: ReadonlyMap<string, Link>
  /** The nodes `SetNode`, by the names that they give to their inputs. */
  readonly setters: ReadonlyMap<string, readonly EditorNode[]>
  /** The names of a subgraph's inputs. Links from `SUBGRAPH_INPUT` count them. */
  readonly inputs: readonly string[]
  /** The link that each output of a subgraph gets its value from. */
  readonly outputs: readonly (string | undefined)[]
}

type Link = Readonly<Record<'from' | 'to', string> & { output: number }>

export interface EditorNode {
  readonly id: string
  readonly type: string
  readonly title: string | undefined
  readonly mode: unknown
  readonly inputs: readonly Slot[]
  /** The types of its outputs. */
  readonly outputs: readonly string[]
  readonly values: readonly unknown[]
  readonly named: Readonly<Record<string, unknown>> | undefined
  readonly properties: Readonly<Record<string, unknown>>
}

/** An input. `widget` names the field that its link can fill. */
export type Slot = Readonly<
  Record<'name' | 'type', string> & Record<'link' | 'widget' | 'label', string | undefined>
>

const MUTED = 2
export const BYPASSED = 4
export const isOff = ({ mode }: EditorNode): boolean => mode === MUTED || mode === BYPASSED
export const SUBGRAPH_INPUT = '-10'
export const SET_NODE = 'SetNode'
/** The name that a `SetNode` gives to its input, and that a `GetNode` asks for. */
export const nameOf = ({ values, named }: EditorNode): string => idOf(values[0] ?? named?.Constant) ?? ''
/** Of a node or a subgraph. */
const MOST_INPUTS = 1000

/** Reads a file of version 0.4 or 1. Adds to `problems` why it can't be used, and to `notes` which parts are left out. */
export function readEditor(file: unknown, problems: string[], notes: string[] = []): EditorFile {
  const isReadable = isShallow(file)
  if (!isReadable) problems.push(`The file is nested deeper than ${MOST_LEVELS} levels`)
  const { definitions, extra, ...root } = isObject(file) && isReadable ? file : {}
  if (isReadable && !Array.isArray(root.nodes)) problems.push('The file has no list of nodes')
  const inner = listOf(Object(definitions).subgraphs).filter(isObject)
  const [major = 0, minor = 0] = String(Object(extra).frontendVersion).split('.').map(Number)
  const readInner = (raw: Record<string, unknown>): EditorGraph =>
    readGraph(raw, `The subgraph ${JSON.stringify(raw.name)}`, problems)
  return {
    ...readGraph(root, 'The file', problems, notes),
    subgraphs: new Map(inner.map((raw) => [String(raw.id), readInner(raw)])),
    version: major * 1000 + minor,
    app: Object(extra).linearData,
  }
}

function readGraph(
  raw: Record<string, unknown>,
  where: string,
  problems: string[],
  notes?: string[],
): EditorGraph {
  const nodes = new Map<string, EditorNode>()
  for (const [index, entry] of listOf(raw.nodes).entries()) {
    const node = readNode(Object(entry))
    const advice = 'is no node of the editor: check its id, type, inputs and values'
    const other = node && nodes.get(node.id)
    const twice = `${where} has two nodes with the id ${node?.id}`
    if (!node) problems.push(`${where}: nodes[${index}] ${advice}`)
    const proxies = listOf(node?.properties.proxyWidgets)
    if (node && Math.max(node.inputs.length, proxies.length) > MOST_INPUTS)
      problems.push(`${where}: nodes[${index}] has more than ${MOST_INPUTS} inputs`)
    else if (other && !notes) problems.push(twice)
    else if (other) notes?.push(`${twice}. One of them is read, as in the editor`)
    // The editor puts the nodes without links first, and the last one takes the place of the others.
    if (node && !(other && [other, node].some(({ inputs }) => inputs.some(({ link }) => link !== undefined))))
      nodes.set(node.id, node)
  }
  if (listOf(raw.inputs).length > MOST_INPUTS) problems.push(`${where} has more than ${MOST_INPUTS} inputs`)
  const setters = new Map<string, EditorNode[]>()
  for (const node of nodes.values()) {
    const name = nameOf(node)
    if (node.type !== SET_NODE || name === '') continue
    const others = setters.get(name)
    if (others) others.push(node)
    else setters.set(name, [node])
  }
  return {
    nodes,
    setters,
    links: new Map(listOf(raw.links).flatMap(readLink)),
    inputs: listOf(raw.inputs).map((input) => String(Object(input).name)),
    outputs: listOf(raw.outputs).map((output) => idOf(listOf(Object(output).linkIds)[0])),
  }
}

function readNode(raw: Record<string, unknown>): EditorNode | undefined {
  const { type, title, mode, properties, widgets_values: values, widgets_values_named: named } = raw
  const [id, inputs] = [idOf(raw.id), raw.inputs ?? []]
  const isSlot = (slot: unknown): boolean => isObject(slot) && idOf(slot.link ?? '') !== undefined
  if (typeof type !== 'string' || id === undefined || typeof (values ?? {}) !== 'object') return undefined
  if (!Array.isArray(inputs) || !inputs.every(isSlot)) return undefined
  return {
    id,
    type,
    title: typeof title === 'string' && title.trim() !== '' ? title : undefined,
    mode,
    inputs: inputs.map(({ name, type: kind, link, widget, label }) => {
      const texts = { widget: idOf(Object(widget).name), label: idOf(label) }
      return { name: String(name), type: String(kind), link: idOf(link), ...texts }
    }),
    outputs: listOf(raw.outputs).map((output) => String(Object(output).type)),
    values: listOf(values),
    named: isObject(named) ? named : isObject(values) ? values : undefined,
    properties: isObject(properties) ? properties : {},
  }
}

/** A link is `[id, from, output, to, input, type]`, or an object in newer files. */
function readLink(raw: unknown): [id: string, link: Link][] {
  const { id, origin_id, origin_slot, target_id } = Object(raw)
  const [key, from, output, to] = Array.isArray(raw) ? raw : [id, origin_id, origin_slot, target_id]
  const isWhole = [key, from, to].every(idOf) && Number.isInteger(output) && output >= 0
  return isWhole ? [[String(key), { from: String(from), output, to: String(to) }]] : []
}

const idOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
