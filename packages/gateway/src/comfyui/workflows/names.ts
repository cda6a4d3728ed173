// Finds the inputs of a workflow without a sidecar, and names them.
import { isFileKind } from '../../engine.ts'
import { canJoin, joinInputs, makeInput } from './fields.ts'
import { findRoles, type Role } from './roles.ts'
import { cleanName, earlierName, isTranslated, titleOf } from './titles.ts'
import {
  type Authored,
  type Field,
  type KnownNode,
  listOf,
  type NamedInput,
  type NamedOutput,
  type Nodes,
  openFields,
  type Place,
} from './types.ts'

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

/** A field that becomes an input, and the parts of its name. */
interface Candidate {
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
  /** Whether earlier versions did not find it at all. It takes no name from another input. */
  readonly isLate?: boolean
  /** Whether the title of the node is a name for the field. */
  readonly takesTitle: boolean
  /** The author's title of the origin of the field. */
  readonly title?: string | undefined
  /** The other fields of its origin. */
  readonly more?: readonly Pick<Candidate, 'known' | 'field'>[]
  /** The candidates that this one was made of, since their fields have one origin. */
  readonly merged?: readonly Candidate[]
}

export function findInputs(nodes: Nodes, origins: Authored['origins']): NamedInput[] {
  const roles = new Map(findRoles(nodes).map((role) => [role.field, role]))
  const alone = [...nodes.values()].flatMap((known) => findIn(known, roles))
  const found = joinFound(alone, nodes, origins)
  const titles = found.map(({ known, field, takesTitle, title: given }) => {
    const title = cleanName(given ?? '') || (takesTitle ? cleanName(titleOf(known)) : '')
    return roles.has(field) && ROLE.test(title) ? '' : title
  })
  const untitled = found.filter((_, index) => titles[index] === '')
  const [all, before] = [untitled, untitled.filter(({ isLate }) => !isLate)].map((some) =>
    countOf(some.map(({ role }) => role)),
  )
  const names = found.map((one, index) => {
    const { known, role, part, isLate } = one
    const isAlone = (isLate ? all : before)!.get(role) === 1
    const own = role && (isAlone ? role : `${role}_${part ?? cleanName(known.id)}`)
    return titles[index] ? withPart(titles[index]!, part) : (own ?? fallback(one))
  })
  const taken = new Set(names.filter((_, index) => !found[index]!.isLate))
  const inputs = found.map(({ known, field, why, isLate, more = [] }, index): NamedInput => {
    const bare = names[index]!
    const name = isLate && taken.has(bare) ? `${bare}_${cleanName(known.id)}` : bare
    const isLabel = FLOWSCALE_INPUTS.has(known.node.class_type)
    const reason = !titles[index] || isLate ? why : isLabel ? `label of ${why}` : 'title'
    const first = makeInput(name, known, field, reason)
    return joinInputs([first, ...more.map((next) => makeInput(name, next.known, next.field, reason))])
  })
  const earlier = [nameWithoutRole, translatedName].map((nameOf) => namesBefore(alone, nameOf))
  const named = [...uniqueNames(inputs).values()].map((input, index): NamedInput => {
    const { merged = [found[index]!] } = found[index]!
    const known = merged.flatMap((one) => earlier.flatMap((names) => names.get(one) ?? []))
    const aliases = [...new Set(known)].filter((name) => name !== input.name)
    return aliases.length > 0 ? { ...input, aliases } : input
  })
  // An earlier name keeps its meaning, so no other input may have it.
  const old = new Set(named.flatMap(({ aliases = [] }) => aliases))
  return named.map((input) =>
    old.has(input.name) ? { ...input, name: `${input.name}_${cleanName(nodeOf(input))}` } : input,
  )
}

/** How often a list has each of its values. */
export function countOf<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

/** The fields at these places that a caller may set. */
export function targetsOf(places: readonly Place[], nodes: Nodes): Pick<Candidate, 'known' | 'field'>[] {
  return places.flatMap(({ node, field }) => {
    const known = nodes.get(node)
    const own = known && openFields(known).find(({ name }) => name === field)
    return own ? [{ known, field: own }] : []
  })
}

/** Joins the fields of one origin. An origin that has a title, or that the file shows, is an input by itself. */
function joinFound(alone: readonly Candidate[], nodes: Nodes, origins: Authored['origins']): Candidate[] {
  const joined = new Map<Candidate, Candidate | undefined>()
  const titled: Candidate[] = []
  const byField = new Map(alone.map((one, index) => [one.field, index]))
  for (const { node, name, field: shown, title, fields } of origins) {
    const targets = targetsOf(fields, nodes)
    if (!canJoin(targets.map(({ field }) => field))) continue
    // The editor may name a primitive after the field that it is made for.
    const isOwn = title !== undefined && !fields.some(({ field }) => field === title)
    const places = targets.flatMap(({ field }) => byField.get(field) ?? []).sort((a, b) => a - b)
    const merged = [...new Set(places)].map((index) => alone[index]!)
    // A text that is positive and negative is positive.
    const [own] = merged.filter(({ role }) => role === 'prompt').concat(merged)
    const isShown = shown !== undefined && !node.includes(':')
    const first = own ?? ((isOwn || isShown) && targets[0] ? primitive(targets[0]) : undefined)
    if (!first) continue
    const more = targets.filter(({ field }) => field !== first.field)
    const bare = name.endsWith(`: ${shown}`) ? shown : name
    const plain = own ? {} : { title: bare, isLate: true, why: `shown by node ${node}` }
    const one = { ...first, more, merged, ...(isOwn ? { title } : plain) }
    if (merged.length === 0) titled.push(one)
    for (const other of merged) joined.set(other, undefined)
    if (merged.length > 0) joined.set(first, one)
  }
  return [...alone.flatMap((one) => (joined.has(one) ? (joined.get(one) ?? []) : one)), ...titled]
}

const primitive = ({ known, field }: Pick<Candidate, 'known' | 'field'>): Candidate => {
  const word = field.kind === 'string' ? 'text' : field.kind
  return { known, field, word, why: 'primitive', takesTitle: true, isNew: true }
}

const withPart = (name: string, part?: string): string => (part ? `${name}_${part}` : name)

const fallback = ({ known, word, part }: Candidate): string => `${part ?? word}_${cleanName(known.id)}`

/** The names of earlier versions, which callers may still use. An empty name is none. */
function namesBefore(
  found: readonly Candidate[],
  nameOf: (one: Candidate) => string,
): ReadonlyMap<Candidate, string> {
  const all = found.map((one) => ({ one, node: one.known.id, name: nameOf(one) }))
  const named = uniqueNames(all.filter(({ name }) => name !== ''))
  return new Map([...named].map(([name, { one }]) => [one, name]))
}

/** Earlier versions took ComfyUI's own titles in other languages for the author's. */
const translatedName = ({ known, part, takesTitle }: Candidate): string =>
  takesTitle && isTranslated(known) ? withPart(cleanName(known.title), part) : ''

/** Earlier versions knew no roles. */
function nameWithoutRole(one: Candidate): string {
  const title = one.takesTitle ? earlierName(one.known) : ''
  return title ? withPart(title, one.part) : one.isNew ? '' : fallback(one)
}

function findIn(known: KnownNode, roles: ReadonlyMap<Field, Role>): Candidate[] {
  const { node } = known
  const open = openFields(known)
  const [fieldName, word] = FLOWSCALE_INPUTS.get(node.class_type) ?? []
  if (fieldName) {
    const own = open.filter(({ name }) => name === fieldName)
    return own.map((field) => ({ known, field, word: word!, why: node.class_type, takesTitle: true }))
  }

  const own = open.flatMap((field): Candidate[] => {
    const { isOwn, name = '', why = '' } = roles.get(field) ?? {}
    if (!isOwn) return []
    return [{ known, field, word: name, role: name, why, takesTitle: false, isNew: true, isLate: true }]
  })
  const others = open.filter((field) => !roles.get(field)?.isOwn)
  const numbers = others.flatMap((field): Candidate[] => {
    const { name, why = `field ${field.name}` } = isSeed(known, field)
      ? { name: 'seed' }
      : (roles.get(field) ?? {})
    if (field.kind !== 'number' || !name) return []
    return [{ known, field, word: name, role: name, why, takesTitle: false, isNew: roles.has(field) }]
  })
  const values = others.filter(
    (field) =>
      isFileKind(field.kind) || isPrompt(known, field) || (field.kind === 'string' && roles.has(field)),
  )
  if (values.length === 0 && titleOf(known) !== '' && isPrimitive(known)) {
    return others.map((field) => primitive({ known, field }))
  }
  const byValue = values.map((field): Candidate => {
    const { kind } = field
    const part = values.length > 1 ? cleanName(field.name) : undefined
    const [word, why] = isFileKind(kind) ? [kind, 'loader of files'] : ['text', 'text encoder']
    const { name: role = isFileKind(kind) && !part ? kind : undefined, isLate } = roles.get(field) ?? {}
    const isNew = !isFileKind(kind) && !isPrompt(known, field)
    return {
      known,
      field,
      word,
      role,
      why: roles.get(field)?.why ?? why,
      takesTitle: true,
      isNew,
      ...(isLate && isNew && titleOf(known) === '' && { isLate }),
      ...(part && { part }),
    }
  })
  return [...byValue, ...numbers, ...own]
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
    info?.output_node !== true &&
    fields.size === 1 &&
    inputs.length === 1 &&
    listOf(info?.output).every((type) => SCALARS.includes(type))
  )
}

type Named = { readonly name: string } & (Pick<NamedInput, 'fields'> | Pick<NamedOutput, 'node'>)

const nodeOf = (named: Named): string => ('node' in named ? named.node : named.fields[0]!.node)

/** Adds the id of the node to each of several equal names, so that no name depends on the order of the nodes. */
export function uniqueNames<T extends Named>(found: readonly T[]): Map<string, T> {
  let names = found.map(({ name }) => name)
  // A name with an id may equal another name, so there is a second round.
  for (let round = 0; round < 2; round++) {
    const counts = countOf(names)
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
