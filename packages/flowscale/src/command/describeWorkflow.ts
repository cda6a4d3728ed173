import type { Workflow, WorkflowKind } from '@flowscale/client'
import { readKinds } from './inputs/readKinds.ts'
import { readSpecs } from './inputs/readSpecs.ts'
import type { InputSpec } from './inputs/types.ts'

export interface WorkflowFacts {
  readonly id: string
  readonly name: string
  readonly description: string
  /** `null`: the server's description can't be read. */
  readonly inputs: Readonly<Record<string, InputSpec>> | null
  readonly outputs: Readonly<Record<string, WorkflowKind>> | null
}

/** A workflow in the same form for every server. */
export function describeWorkflow(workflow: Workflow): WorkflowFacts {
  const { id, name, description } = workflow
  try {
    const inputs = Object.fromEntries(readSpecs(workflow))
    return { id, name, description, inputs, outputs: readKinds(workflow, 'outputs') }
  } catch {
    return { id, name, description, inputs: null, outputs: null }
  }
}
