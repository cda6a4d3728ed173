import type { WorkflowKind } from '@flowscale/client'

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
