import { checkSidecarInput } from './checkSidecarInput.ts'
import { findNode } from './findNode.ts'
import { isObject } from './isObject.ts'
import { outputKind } from './outputKind.ts'
import { refuseUnknown } from './refuseUnknown.ts'
import type { FoundInput, FoundOutput, KnownNode, Sidecar } from './types.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9_]{0,63}$/

/** Checks a sidecar against the graph and the server. `file` stands in errors. */
export function readSidecar(file: string, sidecar: unknown, nodes: ReadonlyMap<string, KnownNode>): Sidecar {
  if (!isObject(sidecar))
    throw new Error(`${file} must hold an object: { id, name, description, inputs, outputs }`)
  refuseUnknown(file, sidecar, ['id', 'name', 'description', 'inputs', 'outputs'])
  return {
    id: text(file, 'id', sidecar.id),
    name: text(file, 'name', sidecar.name),
    description: text(file, 'description', sidecar.description),
    inputs: readList(file, 'inputs', sidecar.inputs, nodes, checkSidecarInput),
    outputs: readList(file, 'outputs', sidecar.outputs, nodes, checkOutput),
  }
}

function text(file: string, key: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && (value !== '' || key === 'description')))
    return value
  throw new Error(`${file}: ${key} must be a text that is not empty, or be left out`)
}

function readList<T extends FoundInput | FoundOutput>(
  file: string,
  key: string,
  value: unknown,
  nodes: ReadonlyMap<string, KnownNode>,
  check: (where: string, name: string, entry: Record<string, unknown>, known: KnownNode) => T,
): T[] | undefined {
  if (value === undefined) return undefined
  if (!isObject(value)) throw new Error(`${file}: ${key} must be an object with a name for each`)
  const taken = new Map<string, string>()
  return Object.entries(value).map(([name, entry]) => {
    const where = `${file}: ${key}.${name}`
    if (!NAME.test(name))
      throw new Error(`${where}: a name has up to 64 letters (a to z), digits and "_". Rename it`)
    if (!isObject(entry)) throw new Error(`${where} must be an object that names a node`)
    const found = check(where, name, entry, findNode(where, entry.node, nodes))
    const target = JSON.stringify([found.known.id, 'field' in found && found.field.name])
    const other = taken.get(target)
    if (other !== undefined) throw new Error(`${where} is the same as ${key}.${other}. Remove one of them`)
    taken.set(target, name)
    return found
  })
}

function checkOutput(
  where: string,
  name: string,
  entry: Record<string, unknown>,
  known: KnownNode,
): FoundOutput {
  refuseUnknown(where, entry, ['node'])
  const kind = outputKind(known)
  if (known.info?.output_node === false || !kind) {
    throw new Error(
      `${where}.node: node "${known.id}" (${known.node.class_type}) saves no file. Name a save node`,
    )
  }
  return { name, known, kind, why: 'sidecar' }
}
