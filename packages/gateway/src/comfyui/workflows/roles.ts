// Finds the role of a field, such as the positive prompt or the width of the picture.
import { INPUT_ROLES, type InputRole } from '../../engine.ts'
import { type Field, type KnownNode, listOf, type NamedInput, type Nodes, specOf } from './types.ts'

/** A field, and its purpose. */
export interface Role {
  readonly field: Field
  readonly name: string
  /** In words. */
  readonly why: string
  /** Whether the field of a partner node has it by its own name. */
  readonly isOwn?: boolean
  /** Whether earlier versions did not know it. */
  readonly isLate?: boolean
}

/** The fields of partner nodes that are named after their purpose. */
const OWN = /^(prompt|negative_prompt|text|seed|duration|aspect_ratio|resolution|size|width|height)$/
const OTHER_NAMES = new Map([
  ['prompt_text', 'prompt'],
  ['text_prompt', 'prompt'],
  ['ratio', 'aspect_ratio'],
])

/** The role of a text by the input that it is conditioning for. */
const CONDITIONING = { prompt: /^(positive|conditioning|cond1?)$/, negative_prompt: /^negative/ }

/** The texts that end as positive or negative conditioning, and the size of the picture. A text that is both is positive. */
export function findRoles(nodes: Nodes): Role[] {
  const roles = new Map<Field, Role>()
  for (const [name, wanted] of Object.entries(CONDITIONING)) {
    const visited = new Set<string>()
    for (const known of nodes.values()) {
      if (outputsOf(known).includes('CONDITIONING')) continue
      for (const input of known.links.keys()) {
        if (!wanted.test(input)) continue
        const why = `${input} of node ${known.id}`
        for (const field of textsBehind(known, input, nodes, visited)) {
          if (!roles.has(field)) roles.set(field, { field, name, why })
        }
      }
    }
  }
  const found = [...roles.values(), ...findSize(nodes)]
  const known = new Set(found.map(({ field }) => field))
  return [...found, ...findOwn(nodes).filter(({ field }) => !known.has(field))]
}

/** Adds the purpose of each input, by the first field that it sets. */
export function addPurposes(
  inputs: ReadonlyMap<string, NamedInput>,
  nodes: Nodes,
): ReadonlyMap<string, NamedInput> {
  const roles = new Map(findRoles(nodes).map(({ field, name }) => [field, name]))
  const purposeOf = ({ fields: [place], kind, seed }: NamedInput): InputRole | undefined => {
    const known = nodes.get(place!.node)
    if (kind === 'image') return /mask/i.test(`${known?.node.class_type} ${known?.title}`) ? 'mask' : 'image'
    const field = known?.fields.get(place!.field)
    return seed ? 'seed' : INPUT_ROLES.find((role) => field && role === roles.get(field))
  }
  return new Map(
    [...inputs].map(([name, input]) => {
      const role = purposeOf(input)
      return [name, role ? { ...input, role } : input]
    }),
  )
}

/** The fields of partner nodes, which ComfyUI marks, by their names. A text may come by a link. */
function findOwn(nodes: Nodes): Role[] {
  const visited = new Set<string>()
  return [...nodes.values()].flatMap((known) => {
    if (known.info?.api_node !== true) return []
    return [...known.fields.values()].flatMap((field): Role[] => {
      const bare = field.name.replace(/^.*\./, '').toLowerCase()
      const name = OTHER_NAMES.get(bare) ?? bare
      // A field `seed` of any node is one.
      if (!OWN.test(name) || field.name === 'seed') return []
      const why = `field ${field.name}`
      if (!known.links.has(field.name)) return [{ field, name, why, isOwn: true }]
      const from = nodes.get(linkOf(known, field.name)[0])
      const texts = from && field.kind === 'string' ? ownTexts(from, nodes, visited) : []
      const behind = { name, why: `${field.name} of node ${known.id}`, isLate: true }
      return texts.map((text) => ({ field: text, ...behind }))
    })
  })
}

/** The texts behind a link of conditioning, without those that were visited. */
function textsBehind(known: KnownNode, input: string, nodes: Nodes, visited: Set<string>): Field[] {
  const texts: Field[] = []
  const left: [KnownNode, string][] = [[known, input]]
  for (let next = left.pop(); next; next = left.pop()) {
    const [id, slot] = linkOf(...next)
    const from = nodes.get(id)
    const place = JSON.stringify([id, slot])
    if (!from || visited.has(place) || from.node.class_type === 'ConditioningZeroOut') continue
    visited.add(place)
    const conditioned = [...from.links.keys()].filter((name) => typeOf(from, name) === 'CONDITIONING')
    const named = conditioned.filter((name) => name === outputNameOf(from, slot))
    texts.push(...ownTexts(from, nodes, visited))
    for (const name of named.length > 0 ? named : conditioned) left.push([from, name])
  }
  return texts
}

/** The texts of several lines that a caller may set in a node, and in the nodes behind its links. */
function ownTexts(first: KnownNode, nodes: Nodes, visited: Set<string>): Field[] {
  const texts: Field[] = []
  const left = [first]
  for (let known = left.pop(); known; known = left.pop()) {
    const place = JSON.stringify(known.id)
    if (visited.has(place)) continue
    visited.add(place)
    const { fields, links } = known
    for (const field of fields.values()) {
      const { name, kind, options, multiline } = field
      if (kind === 'string' && !options && !links.has(name) && (multiline || fields.size === 1))
        texts.push(field)
    }
    for (const name of links.keys()) {
      const from = typeOf(known, name) === 'STRING' ? nodes.get(linkOf(known, name)[0]) : undefined
      if (from) left.push(from)
    }
  }
  return texts
}

/** Width and height of the one node that makes an empty latent. */
function findSize(nodes: Nodes): Role[] {
  const makers = [...nodes.values()].filter((known) => {
    const isOpen = (name: string): boolean =>
      known.fields.get(name)?.kind === 'number' && !known.links.has(name)
    const isFed = [...known.links.keys()].some((name) => typeOf(known, name) === 'LATENT')
    return outputsOf(known).includes('LATENT') && isOpen('width') && isOpen('height') && !isFed
  })
  const [known] = makers
  if (!known || makers.length > 1) return []
  return (['width', 'height'] as const).map((name) => {
    return { field: known.fields.get(name)!, name, why: 'size of the latent' }
  })
}

const outputsOf = ({ info }: KnownNode): readonly unknown[] => listOf(info?.output)

const outputNameOf = ({ info }: KnownNode, slot: number): unknown => listOf(info?.output_name)[slot]

const typeOf = ({ info }: KnownNode, name: string): unknown => specOf(info, name)[0]

function linkOf({ node }: KnownNode, name: string): [id: string, output: number] {
  const link = node.inputs[name]
  return Array.isArray(link) ? [String(link[0]), Number(link[1])] : ['', 0]
}
