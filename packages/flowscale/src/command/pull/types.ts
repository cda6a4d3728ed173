import type { WorkflowKind } from '@flowscale/client'
import type { InputSpec } from '../workflow.ts'

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
  /** By name. Empty if the server names none, or does not say which file belongs to which output. */
  readonly outputs: readonly { readonly name: string; readonly kind: WorkflowKind }[]
  /** According to the server, the name of each file begins with the name of its output. */
  readonly namesFiles: boolean
}
