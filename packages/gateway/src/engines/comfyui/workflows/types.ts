import type { Input, Kind, Scalar, Workflow } from '../../../engine.ts'

/** A node in ComfyUI's API format. An input is a value, or a link: `[node id, number of its output]`. */
export interface GraphNode {
  readonly class_type: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly _meta?: { readonly title?: unknown } | undefined
}

/** What `/prompt` takes. */
export type Graph = Readonly<Record<string, GraphNode>>

/** What `/object_info` tells of a class, as far as it is read. */
export interface ClassInfo {
  readonly display_name?: unknown
  readonly output_node?: unknown
  readonly output?: unknown
  readonly input?: {
    readonly required?: Readonly<Record<string, unknown>> | undefined
    readonly optional?: Readonly<Record<string, unknown>> | undefined
  }
}

/** A field of a class that a caller may set: neither hidden, nor set by a link alone. */
export interface Field {
  readonly name: string
  readonly kind: Kind
  readonly array: boolean
  readonly integer: boolean
  /** A text of several lines. */
  readonly multiline: boolean
  readonly default?: Scalar | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly options?: readonly Scalar[] | undefined
}

/** A node of the graph, and what the server knows of its class. */
export interface KnownNode {
  readonly id: string
  readonly node: GraphNode
  readonly title: string
  /** `undefined` where the server does not have the class. */
  readonly info: ClassInfo | undefined
  readonly fields: ReadonlyMap<string, Field>
  /** Fields whose number was too large for JavaScript. */
  readonly cut: readonly string[]
}

/** An input or output before names are made unique. */
export interface Found {
  readonly name: string
  readonly known: KnownNode
  readonly why: string
}

export interface FoundInput extends Found {
  readonly field: Field
  /** What a sidecar says of it. */
  readonly set?: Partial<Omit<Input, 'array' | 'integer'>> | undefined
}

export interface FoundOutput extends Found {
  readonly kind: Kind
}

/** A sidecar that was checked. Lists that it does not have are found by the other rules. */
export interface Sidecar {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly inputs?: readonly FoundInput[] | undefined
  readonly outputs?: readonly FoundOutput[] | undefined
}

/**
 * An input of a workflow, and the field of a node that it sets. The value of a file is the name of an upload that lies
 * directly in `input/`: every loader takes those, and FSLoadImage no others.
 */
export interface NamedInput extends Input {
  readonly node: string
  readonly field: string
  /** What named it, in words. */
  readonly why: string
  /** Drawn where a caller sends nothing. */
  readonly seed: boolean
}

/** An output of a workflow, and the node that writes it. */
export interface NamedOutput {
  readonly kind: Kind
  readonly node: string
  /** What named it, in words. */
  readonly why: string
}

/** A node whose class the server does not have. */
export interface MissingClass {
  readonly classType: string
  readonly node: string
  readonly title: string
}

/** A node that writes files, and the prefix of their names without the run's own suffix. */
export interface SaveNode {
  readonly node: string
  readonly prefix: string
}

export interface ComfyWorkflow {
  readonly shown: Workflow
  /** By node id. A map, since a file may call a node `__proto__`. */
  readonly graph: ReadonlyMap<string, GraphNode>
  readonly inputs: ReadonlyMap<string, NamedInput>
  readonly outputs: ReadonlyMap<string, NamedOutput>
  readonly missing: readonly MissingClass[]
  /** Every node that writes files, those that are no output included. */
  readonly saves: readonly SaveNode[]
  /** What was left out or changed, and why: a line each. */
  readonly notes: readonly string[]
}

/** A graph with the values of one run. */
export interface FilledGraph {
  readonly graph: Graph
  /** The seeds that were drawn, by input. */
  readonly seeds: ReadonlyMap<string, number>
  /** The node of each output, by name. */
  readonly outputs: ReadonlyMap<string, string>
  readonly nodes: number
}
