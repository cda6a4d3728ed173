import type { WorkflowFile } from '@flowscale/gateway/face'
import { readComfyWorkflow } from '@flowscale/gateway/node'
import type { WorkflowDefinition } from '../types.ts'
import { createAsk } from './createAsk.ts'
import { noteOn } from './noteOn.ts'
import { toDefinition } from './toDefinition.ts'

/** Makes a definition of a ComfyUI file, and a note if a part is a guess. */
export async function loadFile(
  file: WorkflowFile,
): Promise<{ definition: WorkflowDefinition; note: string | undefined }> {
  if (file.problem !== undefined) throw new Error(file.problem)
  const workflow = await readComfyWorkflow(file, createAsk(file))
  return { definition: toDefinition(workflow), note: noteOn(file, workflow) }
}
