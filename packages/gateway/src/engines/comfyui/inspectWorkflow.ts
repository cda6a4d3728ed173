import { createServer } from '../../comfyui/api/client.ts'
import { createWorkflows } from '../../comfyui/catalog.ts'
import type { ComfyWorkflow } from '../../comfyui/workflows/types.ts'
import type { WorkflowFile } from '../../engine.ts'
import { NoAnswer } from './server/NoAnswer.ts'

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
