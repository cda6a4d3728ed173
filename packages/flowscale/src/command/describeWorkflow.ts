import { parseWorkflow, type Workflow, type WorkflowKind } from '@flowscale/client'

/** An input, with what the server tells of it. */
export interface InputFacts {
  readonly kind: WorkflowKind
  readonly required?: boolean
  readonly default?: unknown
  readonly min?: number
  readonly max?: number
  readonly integer?: boolean
  readonly array?: boolean
  readonly options?: readonly unknown[]
  readonly description?: string
}

export interface WorkflowFacts {
  readonly id: string
  readonly name: string
  readonly description: string
  /** `null`: what the server says of it cannot be read. */
  readonly inputs: Readonly<Record<string, InputFacts>> | null
  readonly outputs: Readonly<Record<string, WorkflowKind>> | null
}

/** A workflow in one form, whatever server tells it. */
export function describeWorkflow(workflow: Workflow): WorkflowFacts {
  const { id, name, description, input_details } = workflow
  const told: Record<string, object | undefined> = Object(input_details)
  let parsed: ReturnType<typeof parseWorkflow>
  try {
    parsed = parseWorkflow(workflow)
  } catch {
    return { id, name, description, inputs: null, outputs: null }
  }
  const entries = Object.entries(parsed.inputs).map(
    ([input, kind]) => [input, { ...(Object.hasOwn(told, input) && told[input]), kind }] as const,
  )
  return { id, name, description, inputs: Object.fromEntries(entries), outputs: parsed.outputs }
}
