import type { WorkflowKind } from '@flowscale/client'
import type { InputSpec } from '../inputs/types.ts'

export interface PulledInput extends InputSpec {
  readonly name: string
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
