// Gives the graph of a workflow's file in any format.
import type { WorkflowFile } from '../engine.ts'
import { isObject } from '../options.ts'
import type { Content } from '../readContent.ts'
import { isEditorFile } from '../workflowJson.ts'
import type { ReadClass } from './api/classes.ts'
import { type Classes, defaultOf, fieldsOf, infoOf, isMade, shorten } from './editor/fields.ts'
import { type Conversion, toGraph, typesOf } from './editor/toGraph.ts'
import type { GraphNode } from './workflows/types.ts'

/** Reads the graph of a file, with a server's facts about its classes. */
export async function readGraph(
  { graph, workflow = isEditorFile(graph) ? graph : undefined }: WorkflowFile,
  readClass: ReadClass,
): Promise<Conversion | { graph: unknown; notes: readonly string[]; authored?: undefined }> {
  const prompt = workflow === graph ? undefined : graph
  if (workflow === undefined && !isObject(prompt)) return { graph: prompt, notes: [] }
  const ofPrompt = Object.values(Object(prompt)).map((node) => Object(node).class_type)
  const types = new Set([...ofPrompt.filter((type) => typeof type === 'string'), ...typesOf(workflow)])
  const infos = await Promise.all([...types].map(async (type) => [type, await readClass(type)] as const))
  const known = infos.flatMap(([type, info]) => (info ? [[type, info] as const] : []))
  return chooseGraph({ prompt, workflow }, Object.fromEntries(known))
}

/**
 * The graph of a file. With both formats inside, the conversion of `workflow` is taken if it says the same as `prompt`,
 * since only `workflow` has the titles, primitives and App Mode. Otherwise `prompt` is taken, with a note.
 */
export function chooseGraph({ prompt, workflow }: Content, classes: Classes): Conversion {
  if (prompt === undefined) return toGraph(workflow, classes)
  const own = fillDefaults(prompt, classes)
  if (workflow === undefined) return own
  if ('problems' in own) return toGraph(workflow, classes)
  const converted = toGraph(workflow, classes)
  const reason =
    'problems' in converted ? converted.problems[0] : differenceOf(converted.graph, own.graph, classes)
  if (reason === undefined) return converted
  return { ...own, notes: [...own.notes, `The prompt of the file is used, not its workflow: ${reason}`] }
}

/** Gives each required field without a value the default of its class, with a note: ComfyUI would refuse the run. */
export function fillDefaults(prompt: unknown, classes: Classes): Conversion {
  const notes: string[] = []
  if (!isObject(prompt)) return { problems: ['The prompt is no object'] }
  const filled = Object.entries(prompt).map(([id, node]): [string, GraphNode] => {
    const { class_type, inputs } = isObject(node) ? node : {}
    const info = infoOf(String(class_type), classes)
    if (!info || !isObject(inputs)) return [id, node as GraphNode]
    const added = [...fieldsOf(info, (name) => inputs[name])].flatMap((field): [string, unknown][] => {
      const { name, kind, required } = field
      if (kind !== 'widget' || !required || Object.hasOwn(inputs, name) || isMade(field)) return []
      const value = defaultOf(field)
      if (value === undefined) return []
      const becomes = `It is ${shorten(value)}, as its class says`
      notes.push(`node ${id} (${class_type}): ${name} has no value in the file. ${becomes}`)
      return [[name, value]]
    })
    return [id, { ...(node as GraphNode), inputs: { ...inputs, ...Object.fromEntries(added) } }]
  })
  return { graph: Object.fromEntries(filled), notes }
}

type Graph = Readonly<Record<string, GraphNode>>

/** The first difference of two graphs: of the nodes that an output needs, in the inputs that their classes know. */
export function differenceOf(a: Graph, b: Graph, classes: Classes): string | undefined {
  const [left, right] = [neededOf(a, classes), neededOf(b, classes)]
  for (const id of new Set([...left, ...right])) {
    const [one, other] = [a[id], b[id]]
    const where = `node ${id} (${(one ?? other)?.class_type})`
    if (!left.has(id) || !right.has(id)) return `${where} is needed in one of them only`
    if (one!.class_type !== other!.class_type) return `${where} is of the class ${other!.class_type} there`
    const known = [...fieldsOf(infoOf(one!.class_type, classes) ?? {}, (name) => one!.inputs[name])]
    const names = known.flatMap(({ name, kind }) =>
      kind === 'group'
        ? Object.keys({ ...one!.inputs, ...other!.inputs }).filter((key) => key.startsWith(`${name}.`))
        : [name],
    )
    for (const name of names) {
      const [value, there] = [one!.inputs[name], other!.inputs[name]].map((input) => JSON.stringify(input))
      if (value !== there)
        return `${name} of ${where} is ${value?.slice(0, 60)} in workflow and ${there?.slice(0, 60)} in prompt`
    }
  }
  return undefined
}

function neededOf(graph: Graph, classes: Classes): Set<string> {
  const needed = new Set(
    Object.keys(graph).filter((id) => infoOf(graph[id]!.class_type, classes)?.output_node === true),
  )
  for (const id of needed) {
    for (const value of Object.values(graph[id]?.inputs ?? {}))
      if (Array.isArray(value)) needed.add(String(value[0]))
  }
  return needed
}
