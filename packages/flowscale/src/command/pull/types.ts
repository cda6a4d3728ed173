import type { WorkflowKind } from '@flowscale/client'

export type Scalar = string | number | boolean

/** What a server may tell of an input besides its kind. */
export interface InputDetails {
  /** `null` where the server does not tell. */
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

export interface PulledInput extends InputDetails {
  readonly name: string
  readonly kind: WorkflowKind
}

/** A workflow as it is written. */
export interface PulledWorkflow {
  /** The name of its constant. */
  readonly constant: string
  readonly id: string
  readonly name: string
  readonly description: string
  /** Those that are required first, then by name. */
  readonly inputs: readonly PulledInput[]
  /** By name. Empty where the server names none, or does not tell which file is of which. */
  readonly outputs: readonly { readonly name: string; readonly kind: WorkflowKind }[]
  /** The server tells that the name of each file begins with that of its output. */
  readonly namesFiles: boolean
}
