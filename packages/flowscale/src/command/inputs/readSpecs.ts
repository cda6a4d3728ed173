import { parseWorkflow, type Workflow } from '@flowscale/client'
import type { InputSpec } from './types.ts'

/** The inputs of a workflow by name, with what the server tells besides their kinds. */
export function readSpecs(workflow: Workflow): Map<string, InputSpec> {
  const { inputs } = parseWorkflow(workflow)
  const details = Object(workflow.input_details) as Record<string, unknown>
  return new Map(
    Object.entries(inputs).map(([name, kind]) => {
      const isTold = Object.hasOwn(details, name)
      const { required, array, integer, min, max, options } = Object(isTold ? details[name] : undefined)
      const spec: InputSpec = {
        kind,
        isRequired: isTold ? required !== false : undefined,
        takesSeveral: isTold ? array === true : undefined,
        isInteger: integer === true,
        min: typeof min === 'number' ? min : undefined,
        max: typeof max === 'number' ? max : undefined,
        options: Array.isArray(options) && options.length > 0 ? options : undefined,
      }
      return [name, spec]
    }),
  )
}
