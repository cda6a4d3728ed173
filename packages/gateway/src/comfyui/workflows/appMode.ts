// The inputs and outputs that the author chose in App Mode.
import { isObject } from '../../options.ts'
import { canJoin, joinInputs, makeInput } from './fields.ts'
import { targetsOf } from './names.ts'
import { makeOutput } from './outputs.ts'
import { cleanName } from './titles.ts'
import {
  type Authored,
  inputsByPlace,
  keyOf,
  listOf,
  type NamedInput,
  type NamedOutput,
  type Nodes,
  type Place,
} from './types.ts'

interface App {
  readonly inputs?: NamedInput[]
  readonly outputs?: NamedOutput[]
  /** The entries that lead nowhere. */
  readonly notes: readonly string[]
}

/** Reads App Mode. `found` are the inputs that the rules find: their names are used, and their seeds stay. */
export function readApp({ app, origins }: Authored, nodes: Nodes, found: readonly NamedInput[]): App {
  const { inputs, outputs } = Object(isObject(app) ? app : {})
  const notes: string[] = []
  const chosen: NamedInput[] = []
  const set = new Set<string>()
  const isSet = ({ fields }: NamedInput): boolean => fields.some((place) => set.has(keyOf(place)))
  const lookUp = createLookUp(origins, nodes)
  const byPlace = inputsByPlace(found)
  for (const entry of listOf(inputs)) {
    const [ref, widget] = listOf(entry).map(String)
    // `graph:node:widget`, where the second value is a label only, or `graph:node`, where the graph has a UUID, else the id
    // of a node, which may stand in a subgraph: `host:node`.
    const parts = String(ref).split(':').map(decode)
    const isLocated = parts.length === 2 && parts[0]!.length === UUID_LENGTH
    const [id = '', name = ''] = parts.length === 3 ? parts.slice(1) : [isLocated ? parts[1] : ref, widget]
    const target = findTarget(id, name, lookUp)
    const input = typeof target === 'string' ? target : toInput(target, name, nodes, byPlace)
    if (typeof input === 'string') notes.push(`App Mode: ${name} of node ${id} ${input}`)
    else if (isSet(input)) notes.push(`App Mode: ${name} of node ${id} is set by another entry`)
    else {
      chosen.push(input)
      for (const place of input.fields) set.add(keyOf(place))
    }
  }
  const ids = new Set(listOf(outputs).map(String))
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

const UUID_LENGTH = 36

interface Target {
  readonly fields: readonly Place[]
  readonly title?: string | undefined
}

function createLookUp(origins: Authored['origins'], nodes: Nodes) {
  const isOpen = (place: Place): boolean => targetsOf([place], nodes).length > 0
  const originsOf = new Map<string, Authored['origins'][number][]>()
  const byPlace = new Map<string, Target>()
  for (const origin of origins) {
    const { node, fields } = origin
    if (fields.some(isOpen)) listAt(originsOf, node).push(origin)
    for (const place of fields) if (!byPlace.has(keyOf(place))) byPlace.set(keyOf(place), origin)
  }
  /** By the end of an id, the ids of the nodes inside of subgraphs. */
  const inside = new Map<string, string[]>()
  for (const id of nodes.keys()) {
    const end = id.slice(id.lastIndexOf(':') + 1)
    if (end !== id) listAt(inside, end).push(id)
  }
  return { isOpen, originsOf, byPlace, inside }
}

function listAt<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

/** The fields that an entry of App Mode sets, or why there are none. */
function findTarget(
  id: string,
  name: string,
  { isOpen, originsOf, byPlace, inside }: ReturnType<typeof createLookUp>,
): Target | string {
  const all = originsOf.get(id) ?? []
  const named = all.filter((origin) => origin.name === name)
  const [exact, another] = named.length > 0 ? named : all.filter(({ field }) => field === name)
  if (another) return 'is the name of several fields: choose it again in ComfyUI'
  if (exact) return exact
  const own = { node: id, field: name }
  const around = (place: Place): Target => byPlace.get(keyOf(place)) ?? { fields: [place] }
  if (isOpen(own)) return around(own)
  // Earlier versions wrote the id that a node has inside of its subgraph.
  const ends = (inside.get(id.slice(id.lastIndexOf(':') + 1)) ?? []).filter((node) => node.endsWith(`:${id}`))
  const places = ends.map((node) => ({ node, field: name })).filter(isOpen)
  const targets = new Set(places.map(around))
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
  byPlace: ReadonlyMap<string, NamedInput>,
): NamedInput | string {
  const known = fields.map((place) => byPlace.get(keyOf(place))).find((input) => input)
  const name = cleanName(title ?? '') || known?.name || cleanName(field) || 'input'
  const targets = targetsOf(fields, nodes)
  if (!canJoin(targets.map((one) => one.field))) return 'sets fields that take no value in common'
  const inputs = targets.map((one) => makeInput(name, one.known, one.field, 'App Mode'))
  return { ...joinInputs(inputs), ...(known && { aliases: [known.name, ...(known.aliases ?? [])] }) }
}
