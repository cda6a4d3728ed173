import type { Kind } from '@flowscale/gateway/http'
import type { NamedInput } from '@flowscale/gateway/workflows'
import { type PaintRequest, paint } from '../painter/index.ts'
import type {
  InputFile,
  OutputFile,
  RunContext,
  WorkflowInputs,
  WorkflowOutputs,
} from '../workflows/types.ts'

/** A workflow of ComfyUI, as far as it is painted. */
export interface GraphPlan {
  readonly nodes: GraphNodes
  readonly inputs: ReadonlyMap<string, Pick<NamedInput, 'kind' | 'fields'>>
  readonly outputs: ReadonlyMap<string, { readonly kind: Kind; readonly node: string }>
}

const TOTAL_MS = 3000
const MOST_PICTURES = 16
const WORDS = 40
/** A seed is cut to less, so that a seed plus an index is an exact number, too. */
const MOST_SEEDS = 2 ** 52

/** Paints each output of a workflow from the nodes that lead to it in the graph. */
export async function paintGraph(
  plan: GraphPlan,
  values: WorkflowInputs,
  { sleep, progress, preview }: RunContext,
): Promise<WorkflowOutputs> {
  const nodes = fillNodes(plan, values)
  const graph = Object.fromEntries([...nodes].map(([id, { texts: _, ...node }]) => [id, node]))
  const wanted = [...plan.outputs].flatMap(([name, { node, kind }]) => {
    const found = lookUpstream(nodes, node)
    const count = kind === 'image' ? Math.max(1, Math.min(found.batch, MOST_PICTURES)) : 1
    return Array.from({ length: count }, () => ({ name, kind, found }))
  })
  const made = new Map<string, OutputFile[]>([...plan.outputs.keys()].map((name) => [name, []]))
  for (const [index, { name, kind, found }] of wanted.entries()) {
    // Another seed for each, or one prompt would give the same picture again.
    const about = toRequest(kind, { ...found, seed: (found.seed % MOST_SEEDS) + index })
    const request = kind === 'image' ? { ...about, graph } : about
    const file = await paint(request, {
      totalMs: TOTAL_MS / wanted.length,
      sleep,
      preview,
      progress: (fraction) => progress((index + fraction) / wanted.length),
    })
    const passesOn = request.kind === 'text' && found.text !== undefined
    made.get(name)!.push(passesOn ? { ...file, data: new TextEncoder().encode(found.text) } : file)
  }
  return Object.fromEntries(made)
}

function toRequest(kind: Kind, { prompt, seed, width, height, picture: source }: Upstream): PaintRequest {
  if (kind === 'video') return { kind, prompt, seed, width, height, source }
  if (kind === 'audio') return { kind, prompt, seed }
  if (kind !== 'image') return { kind: 'text', prompt, seed, words: WORDS }
  return source ? { kind: 'repaint', prompt, seed, source } : { kind: 'scene', prompt, seed, width, height }
}

/** Puts the inputs of a run into the nodes. Of files, only pictures: nothing else of a file is painted. */
function fillNodes({ nodes, inputs }: GraphPlan, values: WorkflowInputs): GraphNodes {
  const given = new Map(Object.entries(values))
  const filled = new Map([...nodes].map(([id, node]) => [id, { ...node, inputs: { ...node.inputs } }]))
  for (const [name, { kind, fields }] of inputs) {
    const [value] = [given.get(name)].flat()
    if (value === undefined || (typeof value === 'object' && kind !== 'image')) continue
    for (const { node, field } of fields) Object.assign(filled.get(node)!.inputs, { [field]: value })
  }
  return filled
}

type Inputs = Readonly<Record<string, unknown>>

/** The nodes of a graph by id. An input is a value, a file, or a link: a list of a node's id and a number. */
type GraphNodes = ReadonlyMap<
  string,
  {
    /** Only for the picture, which holds the whole graph. */
    readonly class_type: string
    readonly inputs: Inputs
    /** The inputs in which people write text. */
    readonly texts: readonly string[]
  }
>

/** What the nodes before an output say about it. */
interface Upstream {
  readonly prompt: string
  readonly seed: number
  readonly width: number
  readonly height: number
  /** How many pictures. */
  readonly batch: number
  readonly picture: InputFile | undefined
  /** The text that the output passes on as it is. */
  readonly text: string | undefined
}

const SIZE = { width: 768, height: 512 }

/** Looks from an output back along its links. */
function lookUpstream(nodes: GraphNodes, output: string): Upstream {
  const path = pathTo(nodes, output)
  const values = path.flatMap((id) => Object.entries(nodes.get(id)!.inputs))
  const find = (pattern: RegExp): number | undefined => {
    return values.flatMap(([name, value]) => (pattern.test(name) ? (numberOf(nodes, value) ?? []) : []))[0]
  }
  const texts = path.flatMap((id) => textsOf(nodes, id))
  const sized = path.map((id) => sizeOf(nodes, nodes.get(id)!.inputs))
  return {
    prompt: [...new Set(texts)].join(', '),
    seed: find(/^(noise_)?seed$/) ?? 0,
    ...(sized.find((size) => size !== undefined) ?? SIZE),
    batch: Math.floor(find(/^batch_size$/) ?? 1),
    picture: values.map(([, value]) => value).find(isFile),
    text: passedOn(nodes, nodes.get(output)?.inputs ?? {}),
  }
}

/**
 * The output and all nodes before it, the nearest first in each branch. Negative prompts are left out: a picture must not
 * show them.
 */
function pathTo(nodes: GraphNodes, output: string): string[] {
  const path = new Set<string>()
  const waiting = [output]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (path.has(id) || !nodes.has(id)) continue
    path.add(id)
    const links = Object.entries(nodes.get(id)!.inputs).filter(([name]) => !/negative/i.test(name))
    waiting.push(...links.flatMap(([, value]) => (Array.isArray(value) ? [String(value[0])] : [])).reverse())
  }
  return [...path]
}

function textsOf(nodes: GraphNodes, id: string): string[] {
  const { inputs, texts } = nodes.get(id)!
  return texts
    .map((name) => inputs[name])
    .filter((text) => typeof text === 'string' && text.trim() !== '') as string[]
}

function sizeOf(nodes: GraphNodes, inputs: Inputs): typeof SIZE | undefined {
  const [width, height] = [numberOf(nodes, inputs.width), numberOf(nodes, inputs.height)]
  // A part of a picture is from 0 to 1.
  return width !== undefined && height !== undefined && width > 1 && height > 1
    ? { width, height }
    : undefined
}

/** A number, or the first that a link leads to. */
function numberOf(nodes: GraphNodes, value: unknown): number | undefined {
  if (!Array.isArray(value)) return typeof value === 'number' ? value : undefined
  const found = pathTo(nodes, String(value[0])).flatMap((id) => Object.values(nodes.get(id)!.inputs))
  return found.find((one) => typeof one === 'number')
}

/** The text that an output passes on as it is: its only link leads to a node with one text and no link. */
function passedOn(nodes: GraphNodes, inputs: Inputs): string | undefined {
  const links = Object.values(inputs).filter((value) => Array.isArray(value))
  const source = links.length === 1 ? nodes.get(String(links[0]![0])) : undefined
  const [field, ...more] = source?.texts ?? []
  const isAlone =
    field !== undefined && more.length === 0 && !Object.values(source!.inputs).some(Array.isArray)
  const text = isAlone ? source!.inputs[field] : undefined
  return typeof text === 'string' ? text : undefined
}

function isFile(value: unknown): value is InputFile {
  return typeof value === 'object' && value !== null && 'data' in value
}
