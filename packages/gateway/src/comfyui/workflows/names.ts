import { isFileKind, type Kind } from '../../engine.ts'
import { makeInput } from './fields.ts'
import type { Field, KnownNode, NamedInput, NamedOutput } from './types.ts'

/** FlowScale's own input nodes: the field that a caller sets, and the first word of the input's name. */
const FLOWSCALE_INPUTS = new Map([
  ['FSLoadText', ['default_value', 'text']],
  ['FSLoadInteger', ['default_value', 'integer']],
  ['FSLoadImage', ['image', 'image']],
  ['FSLoadVideo', ['video', 'video']],
  ['FSLoadAudio', ['audio', 'audio']],
])

/** The inputs that a node has without a sidecar. */
export function findInputs(known: KnownNode): NamedInput[] {
  const { node, fields, links } = known
  const id = cleanName(known.id)
  const author = authorName(known)
  const open = [...fields.values()].filter(({ name }) => !links.has(name))
  const [fieldName, word] = FLOWSCALE_INPUTS.get(node.class_type) ?? []
  if (fieldName) {
    const why = author ? `label of ${node.class_type}` : node.class_type
    const found = open.filter(({ name }) => name === fieldName)
    return found.map((field) => makeInput(author || `${word}_${id}`, known, field, why))
  }

  const seeds = open.filter(({ integer, name }) => integer && /^(noise_)?seed$/.test(name))
  const bySeed = seeds.map((field) => makeInput(`seed_${id}`, known, field, `field ${field.name}`))
  const values = open.filter((field) => isFileKind(field.kind) || isPrompt(known, field))
  if (values.length === 0 && author && isPrimitive(known)) {
    return open.map((field) => makeInput(author, known, field, 'title'))
  }
  const byValue = values.map((field) => {
    const part = values.length > 1 ? cleanName(field.name) : ''
    if (author) return makeInput(part ? `${author}_${part}` : author, known, field, 'title')
    const [kind, why] = isFileKind(field.kind) ? [field.kind, 'loader of files'] : ['text', 'text encoder']
    return makeInput(`${part || kind}_${id}`, known, field, why)
  })
  return [...byValue, ...bySeed]
}

function isPrompt({ node, info }: KnownNode, { kind, multiline }: Field): boolean {
  const isEncoder = listOf(info?.output).includes('CONDITIONING') || /text_?encode/i.test(node.class_type)
  return isEncoder && kind === 'string' && multiline
}

const SCALARS: readonly unknown[] = ['STRING', 'INT', 'FLOAT', 'BOOLEAN', 'COMBO']

/** Whether a node is nothing but a value. */
function isPrimitive({ info, fields }: KnownNode): boolean {
  const { required, optional } = info?.input ?? {}
  const inputs = Object.keys({ ...required, ...optional })
  return (
    fields.size === 1 && inputs.length === 1 && listOf(info?.output).every((type) => SCALARS.includes(type))
  )
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The output that a node has without a sidecar: each node that saves files is one. */
export function findOutput(known: KnownNode): NamedOutput | undefined {
  const kind = outputKind(known)
  if (!kind || !known.fields.has('filename_prefix')) return undefined
  const { class_type } = known.node
  const author = authorName(known)
  const word = class_type === 'FSSaveText' ? 'text' : kind
  const name = author || `${word}_${cleanName(known.id)}`
  const isFlowScale = class_type.startsWith('FSSave')
  const [named, unnamed] = isFlowScale ? [`label of ${class_type}`, class_type] : ['title', 'save node']
  return { name, kind, node: known.id, why: author ? named : unnamed }
}

/** ComfyUI writes files of these types, and shows them in no answer. */
const SILENT = ['MODEL', 'CLIP', 'VAE', 'CLIP_VISION', 'CONTROL_NET', 'LORA_MODEL']

/** The kind of a save node's files, or `undefined` if the server does not show them. */
export function outputKind({ node: { class_type }, info }: KnownNode): Kind | undefined {
  if (class_type === 'FSSaveInteger' || info?.output_node === false) return undefined
  if (/video|webm|mp4/i.test(class_type)) return 'video'
  if (/audio/i.test(class_type)) return 'audio'
  const specs = Object.values({ ...info?.input?.required, ...info?.input?.optional })
  const types = specs.flatMap((spec) => (Array.isArray(spec) ? String(spec[0]).split(',') : []))
  if (types.some((type) => SILENT.includes(type))) return undefined
  if (types.includes('IMAGE') || types.includes('MASK')) return 'image'
  if (types.includes('VIDEO')) return 'video'
  return types.includes('AUDIO') ? 'audio' : 'file'
}

/** The labels that FlowScale's nodes have before somebody changes them. */
const PRESET = /^(Input|Output) (Text|Integer|Image|Video|Audio)$/

/** The name that the workflow's author gave to a node, or an empty text: FlowScale's nodes have labels, others titles. */
function authorName({ title, node, info }: KnownNode): string {
  if (/^FS(Load|Save)/.test(node.class_type)) {
    const { label } = node.inputs
    return typeof label === 'string' && !PRESET.test(label) ? cleanName(label) : ''
  }
  return title === node.class_type || title === info?.display_name ? '' : cleanName(title)
}

const LONGEST = 64

/** Makes a name of letters, digits and `_` of a title: `Positive prompt` gives `positive_prompt`. It may be empty. */
function cleanName(title: string): string {
  return title
    .slice(0, LONGEST)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}

/** Adds the id of the node to each of several equal names, so that no name depends on the order of the nodes. */
export function uniqueNames<T extends { name: string; node: string }>(found: readonly T[]): Map<string, T> {
  let names = found.map(({ name }) => name)
  // A name with an id may equal another name, so there is a second round.
  for (let round = 0; round < 2; round++) {
    const counts = new Map<string, number>()
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
    names = names.map((name, index) =>
      counts.get(name) === 1 ? name : `${name}_${cleanName(found[index]!.node) || 'node'}`,
    )
  }
  const unique = new Map<string, T>()
  const last = new Map<string, number>()
  names.forEach((base, index) => {
    let name = base
    let number = last.get(base) ?? 1
    while (unique.has(name)) name = `${base}_${++number}`
    last.set(base, number)
    unique.set(name, { ...found[index]!, name })
  })
  return unique
}
