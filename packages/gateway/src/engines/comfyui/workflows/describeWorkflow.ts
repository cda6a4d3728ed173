import type { ComfyWorkflow } from './types.ts'

/** What `inspect` prints: inputs, outputs and what was left out, with the reasons. */
export function describeWorkflow(workflow: ComfyWorkflow): string {
  throw new Error(`not written yet: ${workflow.shown.id}`)
}
