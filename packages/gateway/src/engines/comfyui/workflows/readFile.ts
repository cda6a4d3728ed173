import type { WorkflowFile } from '../../../engine.ts'
import { EngineError } from '../../../engineErrors.ts'
import { readWorkflow } from './readWorkflow.ts'
import type { ComfyWorkflow } from './types.ts'

/** A file, and what it was read as. */
export interface ReadFile {
  readonly id: string
  readonly workflow?: ComfyWorkflow | undefined
  /** Why the server can't run it: nobody sees it then. */
  readonly problem?: string | undefined
  /** The choices that the server does not have. It refuses a run that sends no others. */
  readonly lack?: string | undefined
}

/** Reads a file; what is wrong with it is no error, but a part of what it gives. */
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
