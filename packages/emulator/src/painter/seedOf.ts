import type { RunContext, WorkflowInputs } from '../types.ts'

/** The seed that was sent, or one of the run's own. */
export function seedOf(inputs: WorkflowInputs, context: RunContext): number {
  return typeof inputs.seed === 'number' ? inputs.seed : Math.floor(context.random() * 2 ** 32)
}
