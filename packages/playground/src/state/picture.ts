// A picture that is dropped on the page fills the form with the inputs that made it.

import { getRun } from '@flowscale/client'
import { chooseWorkflow, fill, isFile, refill } from './form.ts'
import { noteRun, titleOf, workflowOf } from './runs.ts'
import { change, type Given, type PageRun, type PageWorkflow, state } from './store.ts'

/** Fills the form: with the run in the name of the file, or else with what ComfyUI wrote into the picture. */
export async function fillFrom(file: File): Promise<void> {
  const say = (text: string) => change({ filled: { text } })
  const run = await findRun(file.name)
  if (run && (workflowOf(run) || !state.workflows.length)) {
    refill(run)
    return say(`Filled with the inputs of “${titleOf(run).slice(0, 80)}”.`)
  }
  const graph = readGraph(new Uint8Array(await file.arrayBuffer()))
  if (!graph) return say(`${file.name} names no inputs. To send the file, drop it on an input.`)
  const { workflow, given } = bestFit(graph)
  if (!workflow || !given.length) return say(`${file.name} is of a workflow that is not on this server.`)
  chooseWorkflow(workflow)
  fill(given)
  const missing = workflow.fields.filter(({ name }) => !given.some(([known]) => known === name))
  const words = missing.length ? ` Not in it: ${missing.map(({ name }) => name).join(', ')}.` : ''
  say(`Filled from ${file.name}.${words}`)
}

/** The run that made a file: servers name their files `OUTPUT_RUN.png`, or `OUTPUT_RUN_2.png`. */
async function findRun(filename: string): Promise<PageRun | undefined> {
  // A browser adds ` (1)` to the name of a second copy.
  const bare = filename.replace(/( ?\(\d+\))?\.\w+$/, '').replace(/_\d{1,3}$/, '')
  const id = bare.split('_').at(-1)!
  const { session } = state
  if (state.runs.has(id) || id.length < 8 || !session) return state.runs.get(id)
  try {
    const { data } = await getRun(session.client, id, { signal: session.stop.signal, maxRetries: 0 })
    noteRun(data)
  } catch {
    // The server has forgotten the run, or the name is of another kind.
  }
  return state.runs.get(id)
}

type Nodes = [id: string, node: { inputs?: Record<string, unknown>; _meta?: { title?: string } }][]

/** The nodes in the chunk `prompt` of a PNG, which ComfyUI writes. */
function readGraph(bytes: Uint8Array): Nodes | undefined {
  const view = new DataView(bytes.buffer)
  const textOf = (start: number, end: number) => new TextDecoder('latin1').decode(bytes.subarray(start, end))
  if (textOf(1, 4) !== 'PNG') return undefined
  for (let at = 8; at + 12 <= bytes.length; ) {
    const size = view.getUint32(at)
    if (textOf(at + 4, at + 15) === 'tEXtprompt\0') {
      try {
        return Object.entries(JSON.parse(textOf(at + 15, at + 8 + size)))
      } catch {
        return undefined
      }
    }
    at += size + 12
  }
  return undefined
}

/** The workflow that takes most of the values of a graph; of equal ones, the chosen workflow. */
function bestFit(graph: Nodes): { workflow?: PageWorkflow; given: Given } {
  const isChosen = ({ id }: PageWorkflow) => Number(id === state.workflowId)
  return [...state.workflows]
    .sort((a, b) => isChosen(b) - isChosen(a))
    .map((workflow) => ({ workflow, given: workflow.fields.flatMap((field) => inputOf(graph, field)) }))
    .reduce<{ workflow?: PageWorkflow; given: Given }>(
      (best, one) => (one.given.length > best.given.length ? one : best),
      { given: [] },
    )
}

/** The name that a gateway makes of a title, a label or an id. */
const clean = (title: unknown) =>
  String(title ?? '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')

/** The value of an input in a graph: by the name of a node, by its id, or by the only field of this name. */
function inputOf(graph: Nodes, { name, kind }: PageWorkflow['fields'][number]): Given {
  const type = isFile({ kind }) ? 'string' : kind
  const found = graph.map(([id, { inputs = {}, _meta }]) => {
    const keys = Object.keys(inputs).filter((key) => key !== 'label' && typeof inputs[key] === type)
    const main = keys.find((key) => ['default_value', 'text', 'prompt', 'value', kind].includes(key))
    const owners = [clean(inputs.label), clean(_meta?.title)]
    const fieldOf = (prefix: string) =>
      keys.find((key) =>
        [clean(key), clean(key).replace('noise_', '')].some((word) => prefix + word === name),
      )
    const isOfId = name.endsWith(`_${clean(id)}`)
    const word = isOfId ? name.slice(0, -clean(id).length - 1) : ''
    const byId = keys.find((key) => [key, key.replace('noise_', '')].includes(word)) ?? main
    const key = owners.includes(name)
      ? main
      : isOfId
        ? byId
        : owners.map((one) => fieldOf(`${one}_`)).find(Boolean)
    return { own: key && inputs[key], field: inputs[fieldOf('') ?? ''] }
  })
  const own = found.find((one) => one.own !== undefined)?.own
  const [only, ...others] = found.flatMap(({ field }) => (field === undefined ? [] : [field]))
  const value = own ?? (others.length ? undefined : only)
  return value === undefined ? [] : [[name, value]]
}
