import { readWorkflow } from '../../../comfyui/workflows/readWorkflow.ts'
import type { ComfyWorkflow } from '../../../comfyui/workflows/types.ts'
import type { WorkflowFile } from '../../../engine.ts'
import { EngineError } from '../../../engineErrors.ts'

/** The result of reading a file: its workflow, or the problem. */
export interface ReadFile {
  readonly id: string
  readonly workflow?: ComfyWorkflow | undefined
  /** Why the server can't run the workflow. The API does not list such a workflow. */
  readonly problem?: string | undefined
  /** The choices that the server does not have, as a sentence. The server refuses a run that does not replace them. */
  readonly lack?: string | undefined
}

/** Reads a file. A fault of the file is not thrown: it is the `problem` or the `lack` of the result. */
export async function readFile(
  file: WorkflowFile,
  ask: Parameters<typeof readWorkflow>[1],
): Promise<ReadFile> {
  if (file.problem !== undefined) return { id: file.name, problem: file.problem }
  try {
    const workflow = await readWorkflow(file, ask)
    const classes = workflow.missing.map(
      ({ classType, node, title }) => `"${classType}" (node ${node}, "${title}")`,
    )
    const problem = `ComfyUI does not have the node class ${classes.join(', ')}`
    const lacks = workflow.lacks.map(({ message }) => message)
    const lack = lacks.length > 0 ? lacks.join('. ').replaceAll('?. ', '? ') : undefined
    return { id: workflow.shown.id, workflow, problem: classes.length > 0 ? problem : undefined, lack }
  } catch (error) {
    if (error instanceof EngineError) throw error
    return { id: file.name, problem: error instanceof Error ? error.message : String(error) }
  }
}
