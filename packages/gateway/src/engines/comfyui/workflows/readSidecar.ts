import { checkSidecarInput } from '../../../comfyui/workflows/sidecar.ts'
import type { KnownNode, NamedInput, NamedOutput } from '../../../comfyui/workflows/types.ts'
import { isObject } from './isObject.ts'
import { outputKind } from './outputKind.ts'
import { refuseUnknown } from './refuseUnknown.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9_]{0,63}$/
const KEYS = ['id', 'name', 'description', 'inputs', 'outputs']
const MOST_SHOWN = 20

type Nodes = ReadonlyMap<string, KnownNode>
type Entry = Record<string, unknown>

/** A sidecar that was checked. Lists that it does not have are found by the other rules. */
export interface Sidecar {
  readonly id?: string
  readonly name?: string
  readonly description?: string
  readonly inputs?: readonly NamedInput[] | undefined
  readonly outputs?: readonly NamedOutput[] | undefined
}

/** Checks a sidecar against the graph and the server. `file` stands in errors. */
export function readSidecar(file: string, sidecar: unknown, nodes: Nodes): Sidecar {
  if (!isObject(sidecar)) throw new Error(`${file} must hold an object of ${KEYS.join(', ')}`)
  refuseUnknown(file, sidecar, KEYS)
  const { inputs, outputs, ...texts } = sidecar
  for (const [key, value] of Object.entries(texts)) {
    if (value === undefined || (typeof value === 'string' && (value || key === 'description'))) continue
    throw new Error(`${file}: ${key} must be a text that is not empty, or be left out`)
  }
  return {
    ...texts,
    inputs: readList(`${file}: inputs`, inputs, nodes, checkSidecarInput),
    outputs: readList(`${file}: outputs`, outputs, nodes, checkOutput),
  }
}

function readList<T>(
  list: string,
  value: unknown,
  nodes: Nodes,
  check: (where: string, name: string, entry: Entry, known: KnownNode) => T,
): T[] | undefined {
  if (value === undefined) return undefined
  if (!isObject(value)) throw new Error(`${list} must be an object with a name for each`)
  const taken = new Map<string, string>()
  return Object.entries(value).map(([name, entry]) => {
    const where = `${list}.${name}`
    if (!NAME.test(name)) throw new Error(`${where}: rename it to at most 64 of a-z, A-Z, 0-9 and "_"`)
    if (!isObject(entry)) throw new Error(`${where} must be an object that names a node`)
    const found = check(where, name, entry, findNode(where, entry.node, nodes))
    const target = JSON.stringify([String(entry.node), entry.input])
    if (taken.has(target)) throw new Error(`${where} is the same as ${taken.get(target)}. Remove one of them`)
    taken.set(target, name)
    return found
  })
}

function findNode(where: string, id: unknown, nodes: Nodes): KnownNode {
  const known = nodes.get(String(id))
  if (known) return known
  const ids = [...nodes.keys()].slice(0, MOST_SHOWN).map((key) => JSON.stringify(key))
  const more = nodes.size > MOST_SHOWN ? '…' : ''
  throw new Error(`${where}.node must be a node of the workflow: ${ids.join(', ')}${more}`)
}

function checkOutput(where: string, name: string, entry: Entry, known: KnownNode): NamedOutput {
  refuseUnknown(where, entry, ['node'])
  const kind = outputKind(known)
  if (kind) return { name, kind, node: known.id, why: 'sidecar' }
  const node = `node "${known.id}" (${known.node.class_type})`
  throw new Error(`${where}.node: ${node} saves no file that ComfyUI shows. Name a save node`)
}
