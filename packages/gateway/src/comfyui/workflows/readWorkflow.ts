import type { Input, WorkflowFile } from '../../engine.ts'
import { findOutput } from '../../engines/comfyui/workflows/findOutput.ts'
import { knowNode } from '../../engines/comfyui/workflows/knowNode.ts'
import { readGraph } from '../../engines/comfyui/workflows/readGraph.ts'
import { readSidecar } from '../../engines/comfyui/workflows/readSidecar.ts'
import { uniqueNames } from '../../engines/comfyui/workflows/uniqueNames.ts'
import { findLacks } from './missingChoices.ts'
import { findInputs } from './names.ts'
import type { ClassInfo, ComfyWorkflow, NamedInput } from './types.ts'

/**
 * Finds the inputs and outputs of a workflow's file. `ask` gives the server's facts about a class. Throws a clear error
 * if the file or its sidecar can't be used; a class that the server lacks is no error.
 */
export async function readWorkflow(
  { name, graph: content, sidecar: beside }: WorkflowFile,
  ask: (classType: string) => Promise<ClassInfo | undefined>,
): Promise<ComfyWorkflow> {
  const graph = readGraph(`${name}.json`, content)
  const classes = [...new Set([...graph.values()].map(({ class_type }) => class_type))]
  const infos = new Map(await Promise.all(classes.map(async (type) => [type, await ask(type)] as const)))
  const known = [...graph]
    .map(([id, node]) => knowNode(id, node, infos.get(node.class_type)))
    .sort((a, b) => compareIds(a.id, b.id))
  const nodes = new Map(known.map((node) => [node.id, node]))

  const sidecar = beside === undefined ? {} : readSidecar(`${name}.flowscale.json`, beside, nodes)
  const inputs = uniqueNames(sidecar.inputs ?? known.flatMap(findInputs))
  const outputs = uniqueNames(sidecar.outputs ?? known.flatMap((node) => findOutput(node) ?? []))
  const missing = known.filter(({ info }) => !info)
  return {
    shown: {
      id: sidecar.id ?? name,
      name: sidecar.name ?? name,
      description: sidecar.description ?? '',
      inputs: new Map([...inputs].map(([key, input]) => [key, asShown(input)])),
      outputs: new Map([...outputs].map(([key, { kind }]) => [key, kind])),
      namesFiles: true,
    },
    nodes,
    inputs,
    outputs,
    missing: missing.map(({ id, node, title }) => ({ classType: node.class_type, node: id, title })),
    lacks: findLacks(known, inputs),
  }
}

/** Without what is of this engine alone. */
function asShown({ name, node, field, why, seed, ...input }: NamedInput): Input {
  return input
}

/** Numbers by their size, before other texts. */
function compareIds(a: string, b: string): number {
  const sizeOf = (id: string): number => (/^\d{1,15}$/.test(id) ? Number(id) : Infinity)
  return sizeOf(a) === sizeOf(b) ? (a < b ? -1 : 1) : sizeOf(a) - sizeOf(b)
}
