import type { GraphNode } from '../../../comfyui/workflows/types.ts'
import { isObject } from './isObject.ts'

const EXPORT = 'In ComfyUI, open the workflow, choose "Workflow > Export (API)", and use that file'
/** Python's own reader gives up at 1,000. */
const MOST_LEVELS = 100

/** Checks and copies a graph in the API format. `file` stands in errors. */
export function readGraph(file: string, graph: unknown): Map<string, GraphNode> {
  if (!isObject(graph)) throw new Error(`${file} is ${nameOf(graph)}, not a workflow. ${EXPORT}`)
  if (Array.isArray(graph.nodes)) throw new Error(`${file} is ${editorFile(graph)}. ${EXPORT}`)
  const entries = Object.entries(graph)
  if (entries.length === 0) throw new Error(`${file} has no nodes. ${EXPORT}`)
  return new Map(entries.map(([id, node]) => [id, readNode(`${file}: node "${id}"`, node)]))
}

function readNode(where: string, node: unknown): GraphNode {
  if (!isObject(node)) throw new Error(`${where} is ${nameOf(node)}, not a node of the API format. ${EXPORT}`)
  const { class_type, inputs = {}, _meta } = node
  if (typeof class_type !== 'string' || class_type === '') {
    throw new Error(`${where} has no class_type, so this is not the API format. ${EXPORT}`)
  }
  if (!isObject(inputs)) throw new Error(`${where}: inputs must be an object. ${EXPORT}`)
  if (!isShallow(inputs, MOST_LEVELS)) {
    throw new Error(`${where}: inputs are nested deeper than ${MOST_LEVELS} levels. Flatten them`)
  }
  return { class_type, inputs, ...(isObject(_meta) && isShallow(_meta, MOST_LEVELS) && { _meta }) }
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1))
}

function editorFile(graph: Record<string, unknown>): string {
  const isApp = isObject(graph.extra) && (graph.extra.linearMode === true || isObject(graph.extra.linearData))
  return isApp ? "an app in the format of ComfyUI's editor" : "in the format of ComfyUI's editor"
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return value === undefined ? 'empty' : `a ${typeof value}`
}
