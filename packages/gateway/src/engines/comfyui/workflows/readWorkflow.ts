import type { WorkflowFile } from '../../../engine.ts'
import type { ClassInfo, ComfyWorkflow } from './types.ts'

/** Finds the inputs and outputs of a workflow's file. `ask` gives what the server knows of a class. */
export async function readWorkflow(
  file: WorkflowFile,
  ask: (classType: string) => Promise<ClassInfo | undefined>,
): Promise<ComfyWorkflow> {
  throw new Error(`not written yet: ${file.name} ${ask}`)
}
