import type { ComfyWorkflow, KnownNode } from '@flowscale/gateway/node'
import { type GraphPlan, paintGraph } from '../comfyui/paintGraph.ts'
import type { InputDefinition, WorkflowDefinition } from '../types.ts'

/** A workflow of ComfyUI as one of the emulator's, which paints what the real one would make. */
export function toDefinition({ shown, nodes, inputs, outputs }: ComfyWorkflow): WorkflowDefinition {
  const plan: GraphPlan = {
    nodes: new Map(
      [...nodes].map(([id, known]) => [id, { inputs: known.node.inputs, texts: textsOf(known) }]),
    ),
    inputs,
    outputs,
  }
  const taken = [...inputs].map(([name, input]): [string, InputDefinition] => {
    const { kind, required, array, default: preset, min, max, integer, options, description, seed } = input
    return [name, { kind, required, array, default: preset, min, max, integer, options, description, seed }]
  })
  return {
    id: shown.id,
    name: shown.name,
    description: shown.description,
    inputs: Object.fromEntries(taken),
    outputs: Object.fromEntries(shown.outputs),
    namesFiles: true,
    run: (values, context) => paintGraph(plan, values, context),
  }
}

/** The fields of a node that hold a text of somebody's, and no choice or name of a file. */
function textsOf({ fields }: KnownNode): string[] {
  const texts = [...fields.values()].filter(({ kind, options, name }) => {
    return kind === 'string' && !options && name !== 'filename_prefix' && name !== 'label'
  })
  return texts.filter(({ multiline }) => multiline || fields.size === 1).map(({ name }) => name)
}
