// Reads a workflow: its graph, inputs and outputs, with a server's facts about its classes.
import type { WorkflowFile } from '../../engine.ts'
import { isObject } from '../../options.ts'
import { readApp } from './appMode.ts'
import { fileNameOf } from './createFiles.ts'
import { hasFixedFields, readFields } from './fields.ts'
import { findMissingChoices } from './missingChoices.ts'
import { readModels } from './models.ts'
import { findInputs, uniqueNames } from './names.ts'
import { findOutputs, shortNames } from './outputs.ts'
import { addPurposes } from './roles.ts'
import { readSidecar } from './sidecar.ts'
import { LONGEST_TITLE } from './titles.ts'
import {
  type Authored,
  type ClassInfo,
  type ComfyWorkflow,
  type Field,
  type GraphNode,
  isShallow,
  type KnownNode,
  MOST_LEVELS,
} from './types.ts'

/**
 * Finds the inputs and outputs of a workflow's file. `readClass` gives the server's facts about a class. Throws an
 * error if the file or its sidecar can't be used; a class that the server lacks is no error.
 */
export async function readWorkflow(
  file: WorkflowFile,
  readClass: (classType: string) => Promise<ClassInfo | undefined>,
  authored: Authored = { origins: [], app: undefined },
): Promise<ComfyWorkflow> {
  const { name } = file
  const graph = readNodes(fileNameOf(file), file.graph)
  const classes = [...new Set([...graph.values()].map(({ class_type }) => class_type))]
  const infos = new Map(
    await Promise.all(classes.map(async (type) => [type, await readClass(type)] as const)),
  )
  const fixed = new Map<string, ReadonlyMap<string, Field>>()
  const fieldsOf = (node: GraphNode, info: ClassInfo | undefined): ReadonlyMap<string, Field> => {
    const fields = fixed.get(node.class_type) ?? readFields(node, info)
    if (info && hasFixedFields(info)) fixed.set(node.class_type, fields)
    // Each node has fields of its own.
    return new Map([...fields].map(([name, field]) => [name, { ...field }]))
  }
  const findModel = readModels(file.workflow)
  const known = [...graph]
    .map(([id, bare]): KnownNode => {
      const info = infos.get(bare.class_type)
      const class_type = info?.replacement
      // ComfyUI fails to replace a node without it.
      const node = class_type === undefined ? bare : { _meta: {}, ...bare, class_type }
      const title = typeof node._meta?.title === 'string' && node._meta.title.trim().slice(0, LONGEST_TITLE)
      const about = { fields: fieldsOf(node, info), links: linksOf(node) }
      const modelOf = (value: unknown) => findModel(bare.class_type, value)
      return { id, node, title: title || node.class_type, info, ...about, modelOf }
    })
    .sort((a, b) => compareIds(a.id, b.id))
  const nodes = new Map(known.map((node) => [node.id, node]))

  const sidecar = file.sidecar === undefined ? {} : readSidecar(`${name}.flowscale.json`, file.sidecar, nodes)
  const found = findInputs(nodes, authored.origins)
  const app = readApp(authored, nodes, found)
  const inputs = addPurposes(uniqueNames(sidecar.inputs ?? app.inputs ?? found), nodes)
  const outputs = uniqueNames(sidecar.outputs ?? shortNames(app.outputs ?? findOutputs(nodes), nodes))
  const missing = known.filter(({ info }) => !info)
  return {
    listing: {
      id: sidecar.id ?? name,
      name: sidecar.name ?? name,
      description: sidecar.description ?? '',
      // Without the facts that only this engine needs.
      inputs: new Map([...inputs].map(([key, { name, fields, why, seed, ...input }]) => [key, input])),
      outputs: new Map([...outputs].map(([key, { kind }]) => [key, kind])),
      namesFiles: true,
    },
    nodes,
    inputs,
    outputs,
    missingClasses: missing.map(({ id, node, title }) => ({ classType: node.class_type, node: id, title })),
    missingChoices: findMissingChoices(known, inputs),
    notes: [...app.notes, ...(outputs.size > 0 || sidecar.outputs ? [] : [NO_OUTPUT])],
  }
}

const NO_OUTPUT =
  'It has no output. SaveImage, SaveVideo, SaveAudio, PreviewImage, PreviewAny and the like would be one'
const EXPORT = 'In ComfyUI, open the workflow, choose "Workflow > Export (API)", and use that file'

/** Checks and copies a graph in the API format. Errors begin with `file`. */
export function readNodes(file: string, graph: unknown): Map<string, GraphNode> {
  if (!isObject(graph)) throw new Error(`${file} is ${sortOf(graph)}, not a workflow. ${EXPORT}`)
  if (Array.isArray(graph.nodes)) throw new Error(`${file} is ${editorFile(graph)}. ${EXPORT}`)
  const entries = Object.entries(graph)
  if (entries.length === 0) throw new Error(`${file} has no nodes. ${EXPORT}`)
  return new Map(entries.map(([id, node]) => [id, readNode(`${file}: node "${id}"`, node)]))
}

function readNode(where: string, node: unknown): GraphNode {
  if (!isObject(node)) throw new Error(`${where} is ${sortOf(node)}, not a node of the API format. ${EXPORT}`)
  const { class_type, inputs = {}, _meta } = node
  if (typeof class_type !== 'string' || class_type === '') {
    throw new Error(`${where} has no class_type, so this is not the API format. ${EXPORT}`)
  }
  if (!isObject(inputs)) throw new Error(`${where}: inputs must be an object. ${EXPORT}`)
  if (!isShallow(inputs)) {
    throw new Error(`${where}: inputs are nested deeper than ${MOST_LEVELS} levels. Flatten them`)
  }
  return { class_type, inputs, ...(isObject(_meta) && isShallow(_meta) && { _meta }) }
}

function editorFile(graph: Record<string, unknown>): string {
  const isApp = isObject(graph.extra) && (graph.extra.linearMode === true || isObject(graph.extra.linearData))
  return isApp ? "an app in the format of ComfyUI's editor" : "in the format of ComfyUI's editor"
}

function sortOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return value === undefined ? 'empty' : `a ${typeof value}`
}

/** ComfyUI takes every list for a link. */
function linksOf({ inputs }: GraphNode): KnownNode['links'] {
  const links = Object.entries(inputs).filter(([, value]) => Array.isArray(value)) as [string, unknown[]][]
  return new Map(links.map(([name, [from]]) => [name, JSON.stringify(from ?? null)]))
}

/** Sorts numbers by their size, before other texts. */
function compareIds(a: string, b: string): number {
  const sizeOf = (id: string): number => (/^\d{1,15}$/.test(id) ? Number(id) : Infinity)
  return sizeOf(a) === sizeOf(b) ? (a < b ? -1 : 1) : sizeOf(a) - sizeOf(b)
}
