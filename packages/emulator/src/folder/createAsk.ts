import type { WorkflowFile } from '@flowscale/gateway/face'
import type { ClassInfo } from '@flowscale/gateway/node'
import { knowClasses } from './classes/knowClasses.ts'

type Inputs = Readonly<Record<string, unknown>>
type Nodes = ReadonlyMap<string, { readonly classType: string; readonly inputs: Inputs }>

const SEED = ['INT', { min: 0, max: 2 ** 64 }]

/** Where a link leads to says of which type it is. */
const BY_NAME: readonly (readonly [RegExp, string])[] = [
  [/image|pixels/i, 'IMAGE'],
  [/mask/i, 'MASK'],
  [/video/i, 'VIDEO'],
  [/audio/i, 'AUDIO'],
]

/**
 * What stands in for a server's `/object_info` while a file is read: the table of known classes, and, for other classes
 * and other fields, what the file itself shows.
 */
export function createAsk({ graph }: WorkflowFile): (classType: string) => Promise<ClassInfo> {
  const nodes = nodesOf(graph)
  return async (classType) => {
    const known = knowClasses().get(classType)
    const specs = new Map(Object.entries({ ...known?.input?.required }))
    for (const one of nodes.values()) {
      if (one.classType !== classType) continue
      for (const [name, value] of Object.entries(one.inputs)) {
        if (!specs.has(name)) specs.set(name, guessSpec(nodes, name, value))
      }
    }
    const output = known?.output ?? guessOutputs(nodes, classType)
    return { ...known, input: { required: Object.fromEntries(specs) }, output }
  }
}

/** The nodes of a graph that may be anything: the reader of the graph says what is wrong with it. */
function nodesOf(graph: unknown): Nodes {
  const entries = Object.entries(Object(graph)).map(([id, node]) => {
    const { class_type, inputs } = Object(node)
    return [id, { classType: String(class_type), inputs: Object(inputs) as Inputs }] as const
  })
  return new Map(entries)
}

function guessSpec(nodes: Nodes, name: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return [typeOfLink(nodes, value) ?? typeByName(name)]
  if (typeof value === 'boolean') return ['BOOLEAN', {}]
  // Whether other numbers are whole is known to the server alone.
  if (typeof value === 'number') return /^(noise_)?seed$/.test(name) ? SEED : ['FLOAT', {}]
  if (typeof value !== 'string') return ['*']
  // Not each text is a prompt: most are choices.
  const multiline = /text|prompt|positive|negative/i.test(name) || /\s/.test(value)
  return ['STRING', { multiline }]
}

/** What a link carries, where the class that it comes from is known, or another that takes the same. */
function typeOfLink(nodes: Nodes, [id, index]: readonly unknown[]): string | undefined {
  const { classType } = nodes.get(String(id)) ?? {}
  const known = knowClasses().get(String(classType))
  const type = Object(known?.output)[Number(index)]
  return typeof type === 'string' ? type : takers(nodes, (from, at) => from === id && at === index)[0]
}

function guessOutputs(nodes: Nodes, classType: string): string[] {
  const found = takers(nodes, (from) => nodes.get(String(from))?.classType === classType)
  return found.length > 0 ? found : ['*']
}

/** The types that known classes say of their fields, for the links that are meant. */
function takers(nodes: Nodes, isMeant: (from: unknown, index: unknown) => boolean): string[] {
  return [...nodes.values()].flatMap(({ classType, inputs }) => {
    const specs = knowClasses().get(classType)?.input?.required ?? {}
    const links = Object.entries(inputs).filter(
      ([, value]) => Array.isArray(value) && isMeant(value[0], value[1]),
    )
    return links.flatMap(([name]) => {
      const [type] = Object.hasOwn(specs, name) ? (specs[name] as unknown[]) : []
      return typeof type === 'string' ? [type] : []
    })
  })
}

function typeByName(name: string): string {
  return BY_NAME.find(([pattern]) => pattern.test(name))?.[1] ?? '*'
}
