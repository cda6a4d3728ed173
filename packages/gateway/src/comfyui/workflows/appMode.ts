import { canJoin, joinInputs, makeInput } from './fields.ts'
import { targetsOf } from './names.ts'
import { makeOutput } from './outputs.ts'
import { cleanName } from './titles.ts'
import {
  type Authored,
  isObject,
  type KnownNode,
  type NamedInput,
  type NamedOutput,
  type Place,
  setsField,
} from './types.ts'

type Nodes = ReadonlyMap<string, KnownNode>

/** The inputs and outputs that the author chose in App Mode. */
interface App {
  readonly inputs?: NamedInput[]
  readonly outputs?: NamedOutput[]
  /** What leads nowhere. */
  readonly notes: readonly string[]
}

/** Reads App Mode. `found` are the inputs that the rules find: their names are used, and their seeds stay. */
export function readApp({ app, origins }: Authored, nodes: Nodes, found: readonly NamedInput[]): App {
  const { inputs, outputs } = Object(isObject(app) ? app : {})
  const notes: string[] = []
  const chosen: NamedInput[] = []
  const isSet = ({ fields }: NamedInput): boolean =>
    fields.some(({ node, field }) => chosen.some((input) => setsField(input, node, field)))
  for (const entry of Array.isArray(inputs) ? inputs : []) {
    const [ref, widget] = (Array.isArray(entry) ? entry : []).map(String)
    // `graph:node:widget`, else the id of a node, which may stand in a subgraph: `host:node`.
    const parts = String(ref).split(':').map(decode)
    const [id = '', name = ''] = parts.length === 3 ? parts.slice(1) : [ref, widget]
    const target = findTarget(id, name, { origins, nodes })
    const input = typeof target === 'string' ? target : toInput(target, name, nodes, found)
    if (typeof input === 'string') notes.push(`App Mode: ${name} of node ${id} ${input}`)
    else if (isSet(input)) notes.push(`App Mode: ${name} of node ${id} is set by another entry`)
    else chosen.push(input)
  }
  const ids = new Set((Array.isArray(outputs) ? outputs : []).map(String))
  const shown = [...ids].flatMap((id): NamedOutput[] => {
    const known = nodes.get(id)
    const output = known && makeOutput(known)
    if (!output) notes.push(`App Mode: node ${id} is no output`)
    return output ? [{ ...output, why: 'App Mode' }] : []
  })
  const seeds = found.filter((input) => input.seed && !isSet(input))
  return {
    ...(chosen.length > 0 && { inputs: [...chosen, ...seeds] }),
    ...(shown.length > 0 && { outputs: shown }),
    notes,
  }
}

interface Target {
  readonly fields: readonly Place[]
  readonly title?: string | undefined
}

/** The fields that an entry of App Mode sets, or why there are none. */
function findTarget(
  id: string,
  name: string,
  { origins, nodes }: { origins: Authored['origins']; nodes: Nodes },
): Target | string {
  const isOpen = (place: Place): boolean => targetsOf([place], nodes).length > 0
  const all = origins.filter(({ node, fields }) => node === id && fields.some(isOpen))
  const named = all.filter((origin) => origin.name === name)
  const [exact, another] = named.length > 0 ? named : all.filter(({ field }) => field === name)
  if (another) return 'is the name of several fields: choose it again in ComfyUI'
  if (exact) return exact
  const own = { node: id, field: name }
  const around = (place: Place): Target =>
    origins.find(({ fields }) =>
      fields.some(({ node, field }) => node === place.node && field === place.field),
    ) ?? {
      fields: [place],
    }
  if (isOpen(own)) return around(own)
  // Earlier versions wrote the id that a node has inside of its subgraph.
  const inside = [...nodes.keys()].map((node) => ({ node, field: name }))
  const targets = new Set(
    inside
      .filter(({ node }) => node.endsWith(`:${id}`))
      .filter(isOpen)
      .map(around),
  )
  if (targets.size > 1) return 'is in several subgraphs: choose it again in ComfyUI'
  const [target] = targets
  return target ?? 'leads nowhere'
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function toInput(
  { fields, title }: Target,
  field: string,
  nodes: Nodes,
  found: readonly NamedInput[],
): NamedInput | string {
  const known = found.find((input) => fields.some((place) => setsField(input, place.node, place.field)))
  const name = cleanName(title ?? '') || known?.name || cleanName(field) || 'input'
  const targets = targetsOf(fields, nodes)
  if (!canJoin(targets.map((one) => one.field))) return 'sets fields that take no value in common'
  const inputs = targets.map((one) => makeInput(name, one.known, one.field, 'App Mode'))
  return { ...inputs.reduce(joinInputs), ...(known && { aliases: [known.name, ...(known.aliases ?? [])] }) }
}
