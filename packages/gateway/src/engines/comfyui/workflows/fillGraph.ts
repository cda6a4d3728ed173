import type { Scalar } from '../../../engine.ts'
import type { ComfyWorkflow, FilledGraph } from './types.ts'

/** Makes the graph of one run. A file's value is its name on the server. */
export function fillGraph(
  workflow: ComfyWorkflow,
  values: Readonly<Record<string, Scalar | readonly Scalar[]>>,
  runId: string,
): FilledGraph {
  throw new Error(`not written yet: ${workflow.shown.id} ${values} ${runId}`)
}
