import type { WorkflowFile } from '@flowscale/gateway/http'
import type { ClassInfo } from '@flowscale/gateway/workflows'
import { classes } from './classes.ts'

type Inputs = Readonly<Record<string, unknown>>
type Nodes = ReadonlyMap<string, { readonly classType: string; readonly inputs: Inputs }>

const SEED = ['INT', { min: 0, max: 2 ** 64 }]

/** The name of the input that a link leads to hints at its type. */
const BY_NAME: readonly (readonly [RegExp, string])[] = [
  [/image|pixels/i, 'IMAGE'],
  [/mask/i, 'MASK'],
  [/video/i, 'VIDEO'],
  [/audio/i, 'AUDIO'],
]

/**
 * Answers like a server's `/object_info` while a file is read. Known classes come from the table; of other classes, and of
 * other fields, the types are guessed from the file.
 */
export function readClassInfo({ graph }: WorkflowFile): (classType: string) => Promise<ClassInfo> {
  const nodes = nodesOf(graph)
  return async (classType) => {
    const known = knownClasses().get(classType)
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

/** Reads the nodes of a graph of any shape; the gateway's reader reports what is wrong with the graph. */
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
  // Only a server knows which other numbers are whole.
  if (typeof value === 'number') return /^(noise_)?seed$/.test(name) ? SEED : ['FLOAT', {}]
  if (typeof value !== 'string') return ['*']
  // Not each text is a prompt: most are choices.
  const multiline = /text|prompt|positive|negative/i.test(name) || /\s/.test(value)
  return ['STRING', { multiline }]
}

/** The type of a link: by the class that it comes from, or by a known class that takes the same link. */
function typeOfLink(nodes: Nodes, [id, index]: readonly unknown[]): string | undefined {
  const { classType } = nodes.get(String(id)) ?? {}
  const known = knownClasses().get(String(classType))
  const type = Object(known?.output)[Number(index)]
  return typeof type === 'string' ? type : takers(nodes, (from, at) => from === id && at === index)[0]
}

function guessOutputs(nodes: Nodes, classType: string): string[] {
  const found = takers(nodes, (from) => nodes.get(String(from))?.classType === classType)
  return found.length > 0 ? found : ['*']
}

/** The types of those fields of known classes to which the chosen links lead. */
function takers(nodes: Nodes, isChosen: (from: unknown, index: unknown) => boolean): string[] {
  return [...nodes.values()].flatMap(({ classType, inputs }) => {
    const specs = knownClasses().get(classType)?.input?.required ?? {}
    const links = Object.entries(inputs).filter(
      ([, value]) => Array.isArray(value) && isChosen(value[0], value[1]),
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

let known: Map<string, ClassInfo> | undefined

/** The table of node classes, as `/object_info` would show them. */
export function knownClasses(): ReadonlyMap<string, ClassInfo> {
  known ??= new Map(classes.split('\n').filter(Boolean).map(parseLine))
  return known
}

function parseLine(line: string): [string, ClassInfo] {
  const [classType = '', name, outputs = '', fields = ''] = line.split('|')
  const specs = fields.split('; ').filter(Boolean).map(parseField)
  const types = outputs.replace('!', '')
  const info = {
    display_name: name || classType,
    input: { required: Object.fromEntries(specs) },
    output: types === '' ? [] : types.split(','),
    output_node: outputs.startsWith('!'),
  }
  return [classType, info]
}

function parseField(text: string): [string, unknown[]] {
  const [name = '', type = '', ...values] = text.split(' ')
  const [preset, min, max] = values.map((value) => (value === '-' ? undefined : JSON.parse(value)))
  const limits = { default: preset, min, max }
  if (type === 'TEXT') return [name, ['STRING', { multiline: true }]]
  if (type === 'LINK') return [name, ['STRING', { forceInput: true }]]
  if (type.endsWith('_upload')) return [name, ['COMBO', { [type]: true }]]
  if (/^[a-z]/.test(type)) return [name, ['COMBO', { options: type.split(',') }]]
  return [name, [type, limits]]
}
