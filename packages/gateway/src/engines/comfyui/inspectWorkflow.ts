import type { WorkflowFile } from '../../engine.ts'
import { createWorkflows } from './createWorkflows.ts'
import { createServer } from './server/createServer.ts'
import { NoAnswer } from './server/NoAnswer.ts'
import type { ComfyWorkflow } from './workflows/types.ts'

/** What a server makes of a workflow. */
export async function inspectWorkflow(url: string, file: WorkflowFile): Promise<ComfyWorkflow> {
  const files = createWorkflows(createServer(url, undefined), { workflows: [file], log: () => {} })
  const [{ workflow, problem } = {}] = await files.read().catch((error) => {
    if (!(error instanceof NoAnswer)) throw error
    throw new Error(`${url} does not answer (${error.why}). Start ComfyUI, or pass its address by --comfyui.`)
  })
  if (!workflow) throw new Error(problem)
  return workflow
}
