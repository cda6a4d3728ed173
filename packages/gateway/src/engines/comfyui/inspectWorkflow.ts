import type { WorkflowFile } from '../../engine.ts'
import { createReadClass } from './server/createReadClass.ts'
import { createServer } from './server/createServer.ts'
import { readWorkflow } from './workflows/readWorkflow.ts'
import type { ComfyWorkflow } from './workflows/types.ts'

/** What a server makes of a workflow. */
export function inspectWorkflow(url: string, file: WorkflowFile): Promise<ComfyWorkflow> {
  return readWorkflow(file, createReadClass(createServer(url, undefined)))
}
