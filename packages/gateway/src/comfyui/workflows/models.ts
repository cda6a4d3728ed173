// The models that the author of a file of the editor names, with their addresses and folders.
import { listOf, type Model } from './types.ts'

/** Reads the models of the nodes, also of those in subgraphs, and those of the whole file. Left out are values that could lead elsewhere, or hide something. */
export function readModels(workflow: unknown): (type: string, name: unknown) => Model | undefined {
  const { nodes, definitions, models: all } = Object(workflow)
  const inner = listOf(Object(definitions).subgraphs).flatMap((one) => listOf(Object(one).nodes))
  const models = new Map<unknown, Map<unknown, Model>>()
  for (const node of [...listOf(nodes), ...inner, { properties: { models: all } }]) {
    const { type, properties } = Object(node)
    const own = models.get(type) ?? new Map<unknown, Model>()
    models.set(type, own)
    for (const entry of listOf(Object(properties).models)) {
      const { name, url, directory } = Object(entry)
      if (own.has(name) || !isPath(name) || !isPath(directory) || !isAddress(url)) continue
      own.set(name, { path: `${directory}/${name}`, url })
    }
  }
  return (type, name) => models.get(type)?.get(name) ?? models.get(undefined)?.get(name)
}

const LONGEST = 200
/** No part may be `..` or begin as a flag does. Characters with a meaning for a shell, Windows or a terminal are not allowed. */
const PART = /^[\p{L}\p{N}_([](?:[^\p{C}\s\\:*?"'`$<>|]| )*$/u

const isPath = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= LONGEST && value.split('/').every((part) => PART.test(part))

const LONGEST_URL = 1_000

function isAddress(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > LONGEST_URL) return false
  // For curl, brackets are a list of addresses.
  if (!/^https:\/\/[\w.~:/?#@!&()*+,;=%-]+$/.test(value) || !URL.canParse(value)) return false
  const { username, password } = new URL(value)
  return username + password === ''
}
