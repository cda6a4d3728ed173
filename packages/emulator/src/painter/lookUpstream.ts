import type { InputFile } from '../types.ts'

type Inputs = Readonly<Record<string, unknown>>

/** The nodes of a graph by id. An input is a value, a file, or a link: a list of a node's id and a number. */
export type GraphNodes = ReadonlyMap<
  string,
  {
    readonly inputs: Inputs
    /** The inputs that are texts of somebody's. */
    readonly texts: readonly string[]
  }
>

/** What leads to an output. */
export interface Sight {
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
export function lookUpstream(nodes: GraphNodes, output: string): Sight {
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

/** The output and all nodes before it, the nearest first in each branch. What a picture is not to show is left out. */
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

/** The text of an output that is linked to a node which is nothing but a text. */
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
