import type { Kind, WorkflowFile } from '../../../engine.ts'
import { findInputs } from './findInputs.ts'
import { findOutput } from './findOutput.ts'
import { knowNode } from './knowNode.ts'
import { makeInput } from './makeInput.ts'
import { notesOf } from './notesOf.ts'
import { readGraph } from './readGraph.ts'
import { readSidecar } from './readSidecar.ts'
import type { ClassInfo, ComfyWorkflow, KnownNode, NamedInput, NamedOutput, SaveNode } from './types.ts'
import { uniqueNames } from './uniqueNames.ts'

/**
 * Finds the inputs and outputs of a workflow's file. `ask` gives what the server knows of a class. Throws an error in
 * words where the file or its sidecar can't be used; a class that the server does not have is no error.
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
  const foundInputs = sidecar.inputs ?? known.flatMap(findInputs)
  const foundOutputs = sidecar.outputs ?? known.flatMap((node) => findOutput(node) ?? [])
  const inputs = new Map<string, NamedInput>()
  for (const [key, found] of uniqueNames(foundInputs)) inputs.set(key, makeInput(found))
  const outputs = new Map<string, NamedOutput>()
  const kinds = new Map<string, Kind>()
  for (const [key, { kind, known: node, why }] of uniqueNames(foundOutputs)) {
    outputs.set(key, { kind, node: node.id, why })
    kinds.set(key, kind)
  }

  return {
    shown: {
      id: sidecar.id ?? name,
      name: sidecar.name ?? name,
      description: sidecar.description ?? '',
      inputs,
      outputs: kinds,
    },
    graph: new Map(known.map(({ id, node }) => [id, node])),
    inputs,
    outputs,
    missing: known
      .filter(({ info }) => !info)
      .map(({ id, node, title }) => ({ classType: node.class_type, node: id, title })),
    saves: known.flatMap(saveNode),
    notes: notesOf(known, inputs, outputs),
  }
}

function saveNode({ id, node, fields }: KnownNode): SaveNode[] {
  const field = fields.get('filename_prefix')
  if (!field) return []
  const given = node.inputs.filename_prefix
  return [{ node: id, prefix: typeof given === 'string' ? given : String(field.default ?? 'ComfyUI') }]
}

/** Numbers by their size, before other texts. */
function compareIds(a: string, b: string): number {
  const [first, second] = [a, b].map((id) => (/^\d{1,15}$/.test(id) ? Number(id) : Infinity)) as [
    number,
    number,
  ]
  return first === second ? (a < b ? -1 : 1) : first - second
}
