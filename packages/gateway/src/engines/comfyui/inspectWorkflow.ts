import type { WorkflowFile } from '../../engine.ts'
import { createReadClass } from './server/createReadClass.ts'
import { createServer } from './server/createServer.ts'
import { describeWorkflow } from './workflows/describeWorkflow.ts'
import { readWorkflow } from './workflows/readWorkflow.ts'
import { sidecarOf } from './workflows/sidecarOf.ts'

/** What a server makes of a workflow, for people, and the sidecar that names the same. */
export async function inspectWorkflow(
  url: string,
  file: WorkflowFile,
): Promise<{ text: string; sidecar: Record<string, unknown> }> {
  const workflow = await readWorkflow(file, createReadClass(createServer(url, undefined)))
  return { text: describeWorkflow(workflow), sidecar: sidecarOf(workflow) }
}
