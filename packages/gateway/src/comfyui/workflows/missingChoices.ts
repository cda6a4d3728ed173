// Finds the choices of a graph, such as models, that the server does not have.
import leven from 'leven'
import { inputsByPlace, type KnownNode, keyOf, type MissingChoice, type NamedInput } from './types.ts'

/** The choices of the graph that the server does not have, except in inputs that the caller must send. */
export function findMissingChoices(
  nodes: readonly KnownNode[],
  inputs: ReadonlyMap<string, NamedInput>,
): readonly MissingChoice[] {
  const byPlace = inputsByPlace([...inputs].map(([, input]) => input))
  const needed = findNeeded(nodes)
  const checked = nodes.filter(({ id }) => needed.has(id))
  let explained = 0
  return checked.flatMap((known) =>
    [...known.fields.values()].flatMap((field): MissingChoice[] => {
      const { name, options, isEmptyList } = field
      const value = known.node.inputs[name]
      // All `options` have one type: values of another type are not checked.
      const isMissing = isEmptyList
        ? typeof value === 'string'
        : options !== undefined && typeof value === typeof options[0] && !options.includes(value as string)
      const input = byPlace.get(keyOf({ node: known.id, field: name }))
      if (!isMissing || input?.required) return []
      const message = describeMissingChoice(known, name, value, ++explained <= MOST_EXPLAINED)
      return [{ input: input?.name, message, model: known.modelOf(value) }]
    }),
  )
}

/** The ids of the nodes that an output needs. ComfyUI checks only these. */
export function findNeeded(nodes: readonly KnownNode[]): Set<string> {
  const inputsOf = new Map(nodes.map(({ id, node }) => [id, Object.values(node.inputs)]))
  const needed = new Set(nodes.flatMap(({ id, info }) => (info?.output_node === false ? [] : id)))
  // The loop also visits the ids that it adds.
  for (const id of needed) {
    for (const value of inputsOf.get(id) ?? []) if (Array.isArray(value)) needed.add(String(value[0]))
  }
  return needed
}

/** How many messages name similar choices: to find them takes long. */
const MOST_EXPLAINED = 10
const MOST_NAMED = 3
/** A longer text is no name of a model. */
const LONGEST = 200

/** Names a choice of a node that the server does not have, such as a model, similar choices that it has, and its address. */
export function describeMissingChoice(
  { id, title, fields, modelOf }: KnownNode,
  name: string,
  value: unknown,
  isExplained = true,
): string {
  const shown = JSON.stringify(String(value).length > LONGEST ? `${String(value).slice(0, LONGEST)}…` : value)
  const { options = [], isEmptyList } = fields.get(name) ?? {}
  const others = isEmptyList
    ? `, which has no ${name} at all`
    : isExplained
      ? describeOthers(value, options)
      : ''
  const message = `${name} ${shown} is not on this ComfyUI (node ${id}, ${JSON.stringify(title)})${others}`
  const model = modelOf(value)
  if (!model) return message
  return `${message}${message.endsWith('?') ? '' : '.'} Get it from "${model.url}", and save it as "models/${model.path}"`
}

function describeOthers(value: unknown, options: readonly unknown[]): string {
  const known = options.map(String).filter((option) => option !== value)
  const near = String(value).length > LONGEST ? [] : nearest(String(value), known)
  if (near.length > 0) return `. Did you mean ${near.map((one) => JSON.stringify(one)).join(' or ')}?`
  const named = known.slice(0, MOST_NAMED).map((one) => JSON.stringify(one))
  const left = known.length - named.length
  const last = left > 0 ? `${left} more` : named.pop()
  if (last === undefined) return ''
  return `. It has ${named.length > 0 ? `${named.join(', ')} and ${last}` : last}`
}

function nearest(word: string, known: readonly string[]): string[] {
  const stem = stemOf(word)
  return known
    .map((name) => ({ name, stem: stemOf(name), distance: leven(stem, stemOf(name)) }))
    .filter((one) => one.distance <= Math.max(1, Math.floor(Math.max(stem.length, one.stem.length) * 0.4)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST_NAMED)
    .map(({ name }) => name)
}

/** The name without folders, which differ between machines, and without the ending, which many names share. */
function stemOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*[/\\]/, '')
    .replace(/\.[a-z]\w*$/, '')
}
