import type { Workflow } from '@flowscale/client'
import { readDetails } from './readDetails.ts'
import { readKinds } from './readKinds.ts'
import type { InputSpec } from './types.ts'

/** The inputs of a workflow by name, with their kinds and details. */
export function readSpecs(workflow: Workflow): Map<string, InputSpec> {
  return new Map(
    Object.entries(readKinds(workflow, 'inputs')).map(([name, kind]) => [
      name,
      { kind, ...readDetails(workflow.input_details, name) },
    ]),
  )
}
