import type { WorkflowFile } from '../../engine.ts'
import { createWorkflows } from './createWorkflows.ts'
import { createServer } from './server/createServer.ts'
import type { ComfyWorkflow } from './workflows/types.ts'

/** What a server makes of a workflow. */
export async function inspectWorkflow(url: string, file: WorkflowFile): Promise<ComfyWorkflow> {
  const files = createWorkflows(createServer(url, undefined), { workflows: [file], log: () => {} })
  const [{ workflow, problem } = {}] = await files.read()
  if (!workflow) throw new Error(problem)
  return workflow
}
