import { parseWorkflow, type Workflow } from '@flowscale/client'
import { readDetails } from './readDetails.ts'
import type { InputSpec } from './types.ts'

/** The inputs of a workflow by name, with what the server tells besides their kinds. It throws where they can't be read. */
export function readSpecs(workflow: Workflow): Map<string, InputSpec> {
  const { inputs } = parseWorkflow(workflow)
  return new Map(
    Object.entries(inputs).map(([name, kind]) => [
      name,
      { kind, ...readDetails(workflow.input_details, name) },
    ]),
  )
}
