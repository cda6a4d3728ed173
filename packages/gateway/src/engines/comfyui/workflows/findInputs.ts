import { cleanName } from './cleanName.ts'
import { isLink } from './isLink.ts'
import { ownLabel } from './ownLabel.ts'
import { ownTitle } from './ownTitle.ts'
import type { Field, FoundInput, KnownNode } from './types.ts'

/** FlowScale's own input nodes: the field that a caller sets, and what its name starts with. */
const OWN: Readonly<Record<string, readonly [field: string, word: string]>> = {
  FSLoadText: ['default_value', 'text'],
  FSLoadInteger: ['default_value', 'integer'],
  FSLoadImage: ['image', 'image'],
  FSLoadVideo: ['video', 'video'],
  FSLoadAudio: ['audio', 'audio'],
}
const SCALARS: readonly unknown[] = ['STRING', 'INT', 'FLOAT', 'BOOLEAN', 'COMBO']

/** The inputs that a node has without a sidecar. */
export function findInputs(known: KnownNode): FoundInput[] {
  const { node, fields } = known
  const id = cleanName(known.id)
  const open = [...fields.values()].filter(({ name }) => !isLink(known, name))
  if (Object.hasOwn(OWN, node.class_type)) {
    const [name, word] = OWN[node.class_type]!
    const label = ownLabel(known)
    const why = label ? `label of ${node.class_type}` : node.class_type
    return open
      .filter((field) => field.name === name)
      .map((field) => ({ name: label || `${word}_${id}`, known, field, why }))
  }

  const title = ownTitle(known)
  const seeds = open.filter(({ integer, name }) => integer && /^(noise_)?seed$/.test(name))
  const bySeed = seeds.map((field) => ({ name: `seed_${id}`, known, field, why: `field ${field.name}` }))
  const values = open.filter((field) => isFile(field) || isPrompt(known, field))
  if (values.length === 0) {
    if (!title || !isPrimitive(known)) return bySeed
    return open.map((field) => ({ name: title, known, field, why: 'title' }))
  }
  const byValue = values.map((field) => {
    const word = values.length > 1 ? cleanName(field.name) : ''
    if (title) return { name: word ? `${title}_${word}` : title, known, field, why: 'title' }
    const kind = isFile(field) ? field.kind : 'text'
    const why = isFile(field) ? `loader of a file` : 'text encoder'
    return { name: `${word || kind}_${id}`, known, field, why }
  })
  return [...byValue, ...bySeed]
}

function isFile({ kind }: Field): boolean {
  return kind === 'image' || kind === 'video' || kind === 'audio' || kind === 'file'
}

function isPrompt({ node, info }: KnownNode, { kind, multiline }: Field): boolean {
  if (kind !== 'string' || !multiline) return false
  return outputsOf(info?.output).includes('CONDITIONING') || /text_?encode/i.test(node.class_type)
}

/** A node that is nothing but a value. */
function isPrimitive({ info, fields }: KnownNode): boolean {
  const outputs = outputsOf(info?.output)
  const specs =
    Object.keys(info?.input?.required ?? {}).length + Object.keys(info?.input?.optional ?? {}).length
  return (
    fields.size === 1 && specs === 1 && outputs.length > 0 && outputs.every((type) => SCALARS.includes(type))
  )
}

function outputsOf(output: unknown): readonly unknown[] {
  return Array.isArray(output) ? output : []
}
