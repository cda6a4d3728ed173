// A picture, or another file of ComfyUI, that is dropped on the page fills the form with the inputs that made it.

import { getRun } from '@flowscale/client'
import { type Content, readContent } from '../../../gateway/src/readContent.ts'
import { chooseWorkflow, fill, isFile, refill } from './form.ts'
import { noteRun, titleOf, workflowOf } from './runs.ts'
import { change, type Given, type PageRun, type PageWorkflow, state } from './store.ts'

/** Fills the form: with the run of the picture, or else with what ComfyUI wrote into the picture. */
export async function fillFrom(file: File): Promise<void> {
  const say = (text: string) => change({ filled: { text } })
  const graph = await readGraph(file)
  const run = (graph && runIn(graph)) ?? (await findRun(file.name))
  if (run && isOf(run, graph) && (workflowOf(run) || !state.workflows.length)) {
    refill(run)
    return say(`Filled with the inputs of “${titleOf(run).slice(0, 80)}”.`)
  }
  if (!graph) return say(`${file.name} holds no inputs. To send the file, drop it on an input.`)
  const { workflow, given } = bestFit(graph)
  if (!workflow || !given.length) return say(`${file.name} is of a workflow that is not on this server.`)
  chooseWorkflow(workflow)
  fill(given)
  const missing = workflow.fields.filter(({ name }) => !given.some(([known]) => known === name))
  const words = missing.length ? ` Not in it: ${missing.map(({ name }) => name).join(', ')}.` : ''
  say(`Filled from ${file.name}.${words}`)
}

/** The run in the name of a file: gateways name their files `OUTPUT_RUN.png`, or `OUTPUT_RUN_2.png`. */
async function findRun(filename: string): Promise<PageRun | undefined> {
  const [id] = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/.exec(filename) ?? []
  const { session } = state
  if (!id || !session || state.runs.has(id)) return state.runs.get(id ?? '')
  try {
    const { data } = await getRun(session.client, id, { signal: session.stop.signal, maxRetries: 0 })
    noteRun(data)
  } catch {
    // The server has forgotten the run.
  }
  return state.runs.get(id)
}

/** The run that made a graph, if the page knows it: gateways save under a name with the start of its id. */
function runIn(graph: Nodes): PageRun | undefined {
  const names = graph.map(({ inputs }) => textOf(inputs.filename_prefix))
  const starts = names.flatMap((name) => /_([\da-f]{8})$/.exec(name)?.[1] ?? [])
  return [...state.runs.values()].find(({ id }) => starts.includes(id.slice(0, 8)))
}

/** Whether the values in a graph agree with the inputs of a run. A file may have the name of another run. */
function isOf(run: PageRun, graph: Nodes = []): boolean {
  const fields = workflowOf(run)?.fields.filter((field) => !isFile(field)) ?? []
  const inside = new Map(fields.flatMap((field) => inputOf(graph, field)))
  const linesOf = (value: unknown) => [value].flat().join('\n')
  return run.inputs.every(
    ([name, value]) => !inside.has(name) || linesOf(inside.get(name)) === linesOf(value),
  )
}

/** A node, with the names that a gateway would make. */
interface Node {
  id: string
  inputs: Record<string, unknown>
  /** The names of its label and its title. */
  owners: string[]
  /** The names of each input, by its key. */
  names: [key: string, words: string[]][]
}
type Nodes = Node[]

/** The most inputs that are read. Larger graphs would hold up the page. */
const mostInputs = 20_000

/** The nodes that ComfyUI wrote into a picture, a video, a sound or a model. Anybody may have written anything into it. */
async function readGraph(file: File): Promise<Nodes | undefined> {
  const read = async (from: number, length: number) =>
    new Uint8Array(await file.slice(from, from + length).arrayBuffer())
  const { prompt } = await readContent({ size: file.size, read }).catch((): Content => ({}))
  let left = mostInputs
  const nodes = Object.entries(Object(prompt)).flatMap(([id, node]): Node[] => {
    const { inputs, _meta } = Object(node)
    const entries = Object.entries(Object(inputs)).slice(0, left)
    left -= entries.length
    if (!entries.length) return []
    // A gateway sends a list in an object, since a bare list is a link.
    const held = Object.fromEntries(
      entries.map(([key, value]) => [key, Object(value).__value__ ?? value]),
    ) as Node['inputs']
    const names = entries.map(([key]): Node['names'][number] => [
      key,
      [clean(key), clean(key).replace('noise_', '')],
    ])
    const owners = [clean(held.label), clean(Object(_meta).title)]
    return [{ id: clean(id), inputs: held, owners, names }]
  })
  return nodes.length ? nodes : undefined
}

/** The workflow that takes the most values of a graph; of equal ones, the one with the fewest inputs, or the chosen one. */
function bestFit(graph: Nodes): { workflow?: PageWorkflow; given: Given } {
  const isChosen = ({ id }: PageWorkflow) => Number(id === state.workflowId)
  return [...state.workflows]
    .sort((a, b) => a.fields.length - b.fields.length || isChosen(b) - isChosen(a))
    .map((workflow) => ({ workflow, given: workflow.fields.flatMap((field) => inputOf(graph, field)) }))
    .reduce<{ workflow?: PageWorkflow; given: Given }>(
      (best, one) => (one.given.length > best.given.length ? one : best),
      { given: [] },
    )
}

/** A value as a text; empty for an object, as one in a file may have a `toString` of its own. */
const textOf = (value: unknown) => (Object(value) === value ? '' : String(value ?? ''))

/** The name that a gateway makes of a title, a label or an id. */
const clean = (title: unknown) =>
  textOf(title)
    .slice(0, 500)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')

/** The value of an input in a graph: by the name of a node, by its id, or by the only field of this name. */
function inputOf(graph: Nodes, { name, kind }: PageWorkflow['fields'][number]): Given {
  const type = isFile({ kind }) ? 'string' : kind
  const isRight = (value: unknown) =>
    typeof value === type || (type === 'number' && /^-?\d{16,}$/.test(textOf(value)))
  const found = graph.map(({ id, inputs, owners, names }) => {
    const isFit = (key: string) => key !== 'label' && [inputs[key]].flat().every(isRight)
    const keyOf = (isWanted: (key: string, words: string[]) => boolean) =>
      names.find(([key, words]) => isWanted(key, words) && isFit(key))?.[0]
    const main = () => keyOf((key) => ['default_value', 'text', 'prompt', 'value', kind].includes(key))
    const fieldOf = (prefix: string) =>
      name.startsWith(prefix) && keyOf((_, words) => words.includes(name.slice(prefix.length)))
    const isOfId = name.endsWith(`_${id}`)
    const word = isOfId ? name.slice(0, -id.length - 1) : ''
    const byId = () => keyOf((key) => [key, key.replace('noise_', '')].includes(word)) ?? main()
    const key = owners.includes(name)
      ? main()
      : isOfId
        ? byId()
        : owners.map((one) => fieldOf(`${one}_`)).find(Boolean)
    const plain = fieldOf('')
    return { own: key && inputs[key], field: plain ? inputs[plain] : undefined }
  })
  const own = found.find((one) => one.own !== undefined)?.own
  const [only, ...others] = found.flatMap(({ field }) => (field === undefined ? [] : [field]))
  const value = own ?? (others.length ? undefined : only)
  return value === undefined ? [] : [[name, value]]
}
