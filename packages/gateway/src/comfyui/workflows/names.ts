import { isFileKind } from '../../engine.ts'
import { makeInput } from './fields.ts'
import { findRoles, type Role } from './roles.ts'
import { cleanName, earlierName, titleOf } from './titles.ts'
import type { Field, KnownNode, NamedInput, NamedOutput } from './types.ts'

/** FlowScale's own input nodes: the field that a caller sets, and the first word of the input's name. */
const FLOWSCALE_INPUTS = new Map([
  ['FSLoadText', ['default_value', 'text']],
  ['FSLoadInteger', ['default_value', 'integer']],
  ['FSLoadImage', ['image', 'image']],
  ['FSLoadVideo', ['video', 'video']],
  ['FSLoadAudio', ['audio', 'audio']],
])

/** Titles that say no more than the role does. */
const ROLE = /^(positive|negative|prompt|positive_prompt|negative_prompt)$/

/** A field that becomes an input, and what its name may be made of. */
interface Found {
  readonly known: KnownNode
  readonly field: Field
  /** The word of a name such as `text_6`. */
  readonly word: string
  readonly why: string
  /** The name of the field, where a node has several. */
  readonly part?: string
  /** The name, if no other field has the same role. */
  readonly role?: string | undefined
  /** Whether earlier versions found it by the title of its node only. */
  readonly isNew?: boolean
  /** Whether the title of the node is a name for the field. */
  readonly takesTitle: boolean
}

/** The inputs that the nodes have without a sidecar. */
export function findInputs(nodes: ReadonlyMap<string, KnownNode>): NamedInput[] {
  const roles = new Map(findRoles(nodes).map((role) => [role.field, role]))
  const found = [...nodes.values()].flatMap((known) => findIn(known, roles))
  const titles = found.map(({ known, field, takesTitle }) => {
    const title = takesTitle ? cleanName(titleOf(known)) : ''
    return roles.has(field) && ROLE.test(title) ? '' : title
  })
  const counts = new Map<string | undefined, number>()
  found.forEach(({ role }, index) => {
    if (titles[index] === '') counts.set(role, (counts.get(role) ?? 0) + 1)
  })
  const inputs = found.map((one, index): NamedInput => {
    const { known, field, role, part, why } = one
    const title = titles[index]!
    const own = role && (counts.get(role) === 1 ? role : `${role}_${part ?? cleanName(known.id)}`)
    const name = title ? withPart(title, part) : (own ?? fallback(one))
    const reason = !title ? why : FLOWSCALE_INPUTS.has(known.node.class_type) ? `label of ${why}` : 'title'
    return makeInput(name, known, field, reason)
  })
  const earlier = earlierNames(found)
  return [...uniqueNames(inputs).values()].map((input, index) => {
    const alias = earlier.get(found[index]!)
    return alias === undefined || alias === input.name ? input : { ...input, aliases: [alias] }
  })
}

const withPart = (name: string, part?: string): string => (part ? `${name}_${part}` : name)

const fallback = ({ known, word, part }: Found): string => `${part ?? word}_${cleanName(known.id)}`

/** The names of earlier versions, which callers may still use. They knew no roles. */
function earlierNames(found: readonly Found[]): Map<Found, string> {
  const known = found.flatMap((one) => {
    const title = one.takesTitle ? earlierName(one.known) : ''
    if (title === '' && one.isNew) return []
    return [{ one, node: one.known.id, name: title ? withPart(title, one.part) : fallback(one) }]
  })
  return new Map([...uniqueNames(known)].map(([name, { one }]) => [one, name]))
}

function findIn(known: KnownNode, roles: ReadonlyMap<Field, Role>): Found[] {
  const { node, fields, links } = known
  const open = [...fields.values()].filter(({ name }) => !links.has(name))
  const [fieldName, word] = FLOWSCALE_INPUTS.get(node.class_type) ?? []
  if (fieldName) {
    const own = open.filter(({ name }) => name === fieldName)
    return own.map((field) => ({ known, field, word: word!, why: node.class_type, takesTitle: true }))
  }

  const numbers = open.flatMap((field): Found[] => {
    const { name, why = `field ${field.name}` } = isSeed(known, field)
      ? { name: 'seed' }
      : (roles.get(field) ?? {})
    if (field.kind !== 'number' || !name) return []
    return [{ known, field, word: name, role: name, why, takesTitle: false, isNew: roles.has(field) }]
  })
  const values = open.filter(
    (field) =>
      isFileKind(field.kind) || isPrompt(known, field) || (field.kind === 'string' && roles.has(field)),
  )
  if (values.length === 0 && titleOf(known) !== '' && isPrimitive(known)) {
    return open.map((field) => ({
      known,
      field,
      word: field.kind === 'string' ? 'text' : field.kind,
      why: 'primitive',
      takesTitle: true,
      isNew: true,
    }))
  }
  const byValue = values.map((field): Found => {
    const { kind } = field
    const part = values.length > 1 ? cleanName(field.name) : undefined
    const [word, why] = isFileKind(kind) ? [kind, 'loader of files'] : ['text', 'text encoder']
    const role = roles.get(field)?.name ?? (isFileKind(kind) && !part ? kind : undefined)
    return {
      known,
      field,
      word,
      role,
      why: roles.get(field)?.why ?? why,
      takesTitle: true,
      isNew: !isFileKind(kind) && !isPrompt(known, field),
      ...(part && { part }),
    }
  })
  return [...byValue, ...numbers]
}

/** A sampler that adds no noise uses no seed. */
const isSeed = ({ node }: KnownNode, { integer, name }: Field): boolean =>
  integer && /^(noise_)?seed$/.test(name) && node.inputs.add_noise !== 'disable'

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

type Named = { readonly name: string } & (Pick<NamedInput, 'fields'> | Pick<NamedOutput, 'node'>)

const nodeOf = (named: Named): string => ('node' in named ? named.node : named.fields[0]!.node)

/** Adds the id of the node to each of several equal names, so that no name depends on the order of the nodes. */
export function uniqueNames<T extends Named>(found: readonly T[]): Map<string, T> {
  let names = found.map(({ name }) => name)
  // A name with an id may equal another name, so there is a second round.
  for (let round = 0; round < 2; round++) {
    const counts = new Map<string, number>()
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
    names = names.map((name, index) =>
      counts.get(name) === 1 ? name : `${name}_${cleanName(nodeOf(found[index]!)) || 'node'}`,
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
