import { cleanName } from '../../engines/comfyui/workflows/cleanName.ts'
import { makeInput } from '../../engines/comfyui/workflows/makeInput.ts'
import { ownName } from '../../engines/comfyui/workflows/ownName.ts'
import type { Field, KnownNode, NamedInput } from './types.ts'

/** FlowScale's own input nodes: the field that a caller sets, and the first word of its name. */
const OWN = new Map([
  ['FSLoadText', ['default_value', 'text']],
  ['FSLoadInteger', ['default_value', 'integer']],
  ['FSLoadImage', ['image', 'image']],
  ['FSLoadVideo', ['video', 'video']],
  ['FSLoadAudio', ['audio', 'audio']],
])
const SCALARS: readonly unknown[] = ['STRING', 'INT', 'FLOAT', 'BOOLEAN', 'COMBO']

/** The inputs that a node has without a sidecar. */
export function findInputs(known: KnownNode): NamedInput[] {
  const { node, fields, links } = known
  const id = cleanName(known.id)
  const own = ownName(known)
  const open = [...fields.values()].filter(({ name }) => !links.has(name))
  const [ownField, ownWord] = OWN.get(node.class_type) ?? []
  if (ownField) {
    const why = own ? `label of ${node.class_type}` : node.class_type
    const taken = open.filter(({ name }) => name === ownField)
    return taken.map((field) => makeInput(own || `${ownWord}_${id}`, known, field, why))
  }

  const seeds = open.filter(({ integer, name }) => integer && /^(noise_)?seed$/.test(name))
  const bySeed = seeds.map((field) => makeInput(`seed_${id}`, known, field, `field ${field.name}`))
  const values = open.filter((field) => isFile(field) || isPrompt(known, field))
  if (values.length === 0 && own && isPrimitive(known)) {
    return open.map((field) => makeInput(own, known, field, 'title'))
  }
  const byValue = values.map((field) => {
    const word = values.length > 1 ? cleanName(field.name) : ''
    if (own) return makeInput(word ? `${own}_${word}` : own, known, field, 'title')
    const [kind, why] = isFile(field) ? [field.kind, 'loader of files'] : ['text', 'text encoder']
    return makeInput(`${word || kind}_${id}`, known, field, why)
  })
  return [...byValue, ...bySeed]
}

function isFile({ kind }: Field): boolean {
  return kind === 'image' || kind === 'video' || kind === 'audio' || kind === 'file'
}

function isPrompt({ node, info }: KnownNode, { kind, multiline }: Field): boolean {
  const isEncoder = listOf(info?.output).includes('CONDITIONING') || /text_?encode/i.test(node.class_type)
  return isEncoder && kind === 'string' && multiline
}

/** A node that is nothing but a value. */
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
