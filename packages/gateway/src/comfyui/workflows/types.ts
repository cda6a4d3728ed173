// A workflow that was read, its nodes and fields.
import type { Input, Kind, Workflow } from '../../engine.ts'

/** A workflow's file, read with the facts of a server about its classes. */
export interface ComfyWorkflow {
  readonly listing: Workflow
  /** By id, in the order of the ids. A map, since a file may call a node `__proto__`. */
  readonly nodes: ReadonlyMap<string, KnownNode>
  readonly inputs: ReadonlyMap<string, NamedInput>
  readonly outputs: ReadonlyMap<string, NamedOutput>
  /** The nodes whose class the server does not have. */
  readonly missingClasses: readonly {
    readonly classType: string
    readonly node: string
    readonly title: string
  }[]
  readonly missingChoices: readonly MissingChoice[]
  /** The changes and omissions of the reading. */
  readonly notes: readonly string[]
}

/**
 * An input of a workflow, and the fields that it sets. The value of a file is the name of an upload that lies
 * directly in `input/`: every loader takes those, and FSLoadImage no others.
 */
export interface NamedInput extends Input {
  readonly name: string
  /** At least one. The first decides on the kind. */
  readonly fields: readonly Place[]
  /** Why it has this name, in words. */
  readonly why: string
  /** Whether the gateway draws a value if a caller sends none. */
  readonly seed: boolean
}

/** A field of a node. */
export interface Place {
  readonly node: string
  readonly field: string
}

export const keyOf = ({ node, field }: Place): string => JSON.stringify([node, field])

export const inputsByPlace = (inputs: readonly NamedInput[]): ReadonlyMap<string, NamedInput> =>
  new Map(inputs.flatMap((input) => input.fields.map((place) => [keyOf(place), input])))

/** A setter of fields in the editor: a primitive, an input of a subgraph, or a field with a label. */
export interface Origin {
  readonly node: string
  /** No other origin of the node has it. */
  readonly name: string
  /** Of a node for a subgraph: the name that editors show, which several of its fields may have. */
  readonly field?: string
  /** The author's title of it. */
  readonly title?: string | undefined
}

/** The author's facts in a file of the editor, besides its graph. */
export interface Authored {
  readonly origins: readonly (Origin & { readonly fields: readonly Place[] })[]
  /** `linearData`, which App Mode keeps. */
  readonly app: unknown
}

/** Whether an input sets a field. */
export const setsField = ({ fields }: NamedInput, node: string, field: string): boolean =>
  fields.some((place) => place.node === node && place.field === field)

/** An output of a workflow, and the node that writes it. */
export interface NamedOutput {
  readonly name: string
  readonly kind: Kind
  readonly node: string
  /** Why it has this name, in words. */
  readonly why: string
}

/** A choice of the graph that the server does not have, and the input that can replace it. */
export interface MissingChoice {
  readonly input: string | undefined
  readonly message: string
  /** The file of the model, if the author of the workflow says where it is. */
  readonly model: Model | undefined
}

/** A file that a workflow needs on the server. */
export interface Model {
  /** Its folder below `models/` of ComfyUI, and its name there. */
  readonly path: string
  /** An address with `https:`. */
  readonly url: string
}

/** A node of the graph, and the server's facts about its class. */
export interface KnownNode {
  readonly id: string
  readonly node: GraphNode
  /** The title of the node, or else its class. */
  readonly title: string
  /** `undefined` where the server does not have the class. */
  readonly info: ClassInfo | undefined
  readonly fields: ReadonlyMap<string, Field>
  /** The file that the author of the workflow names for this value of a node. */
  modelOf(value: unknown): Model | undefined
  /** The node that an input comes from, in quotes, by the input's name. */
  readonly links: ReadonlyMap<string, string>
}

export type Nodes = ReadonlyMap<string, KnownNode>

/** A field of a class that a caller may set: not hidden, and not for a link only. */
export interface Field extends Omit<Input, 'required' | 'description'> {
  readonly name: string
  readonly integer: boolean
  /** Whether a text may have several lines. */
  readonly multiline: boolean
  /** Whether the field is a list without choices, such as the list of a folder without models. */
  readonly isEmptyList?: boolean | undefined
}

/** A node in ComfyUI's API format. An input is a value, or a link: `[node id, number of its output]`. */
export interface GraphNode {
  readonly class_type: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly _meta?: { readonly title?: unknown } | undefined
}

/** The parts of a class in `/object_info` that the gateway reads. */
export interface ClassInfo {
  readonly display_name?: unknown
  readonly output_node?: unknown
  /** Whether it is a partner's: it sends the run to a service. */
  readonly api_node?: unknown
  /** Whether the key that the partner wants is missing. The gateway adds this to the answer of ComfyUI. */
  readonly lacksKey?: boolean
  /**
   * The class to send in the place of one that ComfyUI no longer has: the old one, so that ComfyUI maps its inputs, or the
   * new one if all names are the same, since ComfyUI then drops the inputs.
   */
  readonly replacement?: string
  readonly output?: unknown
  readonly output_name?: unknown
  readonly input?: {
    readonly required?: Readonly<Record<string, unknown>> | undefined
    readonly optional?: Readonly<Record<string, unknown>> | undefined
  }
  /** The order of the inputs, which JSON does not keep for names such as `1`. */
  readonly input_order?: { readonly required?: unknown; readonly optional?: unknown }
}

export const KEY_ADVICE =
  'Make one at platform.comfy.org, and give it to the gateway or worker of this ComfyUI: by COMFY_API_KEY, by --comfy-key, or by the option "comfyKey"'

/** The nodes of partners, which send the run to a service that costs money. */
export const partnersOf = ({ nodes }: Pick<ComfyWorkflow, 'nodes'>): KnownNode[] =>
  [...nodes.values()].filter(({ info }) => info?.api_node === true)

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The fields that a caller may set. The prefix of file names is set for each run. */
export const openFields = ({ fields, links }: KnownNode): Field[] =>
  [...fields.values()].filter(({ name }) => !links.has(name) && name !== 'filename_prefix')

/** The type of an input and the facts about it, or an empty list. */
export function specOf(info: ClassInfo | undefined, name: string): readonly unknown[] {
  const spec = info?.input?.required?.[name] ?? info?.input?.optional?.[name]
  return Array.isArray(spec) ? spec : []
}

/** The JSON reader of Python, and so ComfyUI, gives up at 1,000. */
export const MOST_LEVELS = 100

export function isShallow(value: unknown, levels: number = MOST_LEVELS): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1))
}
