import type { WorkflowKind } from '@flowscale/client'

/** A value of an input as it was given. */
export type Given = ({ readonly text: string } | { readonly json: unknown }) & {
  /** Where a relative `@path` begins. */
  readonly folder: string
}
// `text` is that of a command line: `@path` and `-` may stand for a text, too. `json` is a value of a file: what
// stands for a text there is the text itself, so that a file of prompts never reads other files by accident.

export type Scalar = string | number | boolean

/** The details of an input, in addition to its kind. */
export interface InputDetails {
  /** `null`: the server does not say. */
  readonly required: boolean | null
  /** Takes several values. */
  readonly array?: boolean
  readonly default?: Scalar
  readonly min?: number
  readonly max?: number
  readonly integer?: boolean
  readonly options?: readonly Scalar[]
  readonly description?: string
}

/** An input with its details. */
export interface InputSpec extends InputDetails {
  readonly kind: WorkflowKind
}

/** What is wrong with an input. */
export interface Problem {
  readonly input: string
  readonly message: string
}

/** Where values come from besides the command line. */
export interface Sources {
  /** Reads stdin to its end, for an input of that name. Left out: `-` is refused. */
  readonly stdin?: ((input: string) => Promise<Uint8Array>) | undefined
}
