import { parseWorkflow, type Workflow, type WorkflowKind } from '@flowscale/client'
import { CommandError } from '../errors.ts'

/** The kinds of a workflow's inputs or outputs. What can't be read is the server's fault. */
export function readKinds(workflow: Workflow, field: 'inputs' | 'outputs'): Record<string, WorkflowKind> {
  try {
    return parseWorkflow({ inputs: {}, outputs: {}, [field]: workflow[field] })[field]
  } catch (error) {
    const { id, name } = workflow
    const { message } = error as Error
    throw new CommandError('failed', `Workflow "${name || id}" (${id}) can't be read: ${message}.`)
  }
}
