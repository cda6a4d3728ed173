// Reads the sidecar of a workflow, which names its inputs and outputs.
import { FILE_KINDS, isFileKind, type Kind, type Scalar } from '../../engine.ts'
import { isObject } from '../../options.ts'
import { canJoin, joinInputs, makeInput } from './fields.ts'
import { outputKind } from './outputs.ts'
import type { Field, KnownNode, NamedInput, NamedOutput, Nodes } from './types.ts'

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}_]{0,127}$/u
const KEYS = ['id', 'name', 'description', 'inputs', 'outputs']
const MOST_LISTED = 20
/** In all inputs, once for each field. */
const MOST_OPTIONS = 10_000

type Row = Record<string, unknown>

/** A sidecar that was checked. Without `inputs` or `outputs`, the rules of `names.ts` find them. */
interface Sidecar {
  readonly id?: string
  readonly name?: string
  readonly description?: string
  readonly inputs?: readonly NamedInput[] | undefined
  readonly outputs?: readonly NamedOutput[] | undefined
}

/** Checks a sidecar against the graph and the server. Errors begin with `file`. */
export function readSidecar(file: string, sidecar: unknown, nodes: Nodes): Sidecar {
  if (!isObject(sidecar)) throw new Error(`${file} must hold an object of ${KEYS.join(', ')}`)
  refuseUnknown(file, sidecar, KEYS)
  const { inputs, outputs, ...texts } = sidecar
  const options = Object.values(Object(inputs)).reduce<number>((sum, entry) => sum + optionsOf(entry), 0)
  if (options > MOST_OPTIONS)
    throw new Error(`${file}: inputs have ${options} options, and ${MOST_OPTIONS} are the most`)
  for (const [key, value] of Object.entries(texts)) {
    if (value === undefined || (typeof value === 'string' && (value || key === 'description'))) continue
    throw new Error(`${file}: ${key} must be a string that is not empty, or be left out`)
  }
  return {
    ...texts,
    inputs: readList(`${file}: inputs`, inputs, nodes, checkSidecarInput, joinAll),
    outputs: readList(`${file}: outputs`, outputs, nodes, checkOutput),
  }
}

function optionsOf(entry: unknown): number {
  const { options, fields } = Object(entry)
  const list: unknown[] = Array.isArray(fields) ? fields : [{}]
  return list.reduce<number>((sum, field) => {
    const own: unknown = Object(field).options ?? options
    return sum + (Array.isArray(own) ? own.length : 0)
  }, 0)
}

function readList<T>(
  list: string,
  value: unknown,
  nodes: Nodes,
  check: (where: string, name: string, entry: Row, known: KnownNode) => T,
  join?: (where: string, found: readonly T[]) => T,
): T[] | undefined {
  if (value === undefined) return undefined
  if (!isObject(value)) throw new Error(`${list} must be an object with a name for each`)
  const taken = new Map<string, string>()
  return Object.entries(value).map(([name, entry]) => {
    const where = `${list}.${name}`
    if (!NAME.test(name)) throw new Error(`${where}: rename it to at most 128 letters, digits and "_"`)
    if (!isObject(entry)) throw new Error(`${where} must be an object that names a node`)
    const places = join ? placesOf(where, entry) : [entry]
    const found = places.map((place) => check(where, name, place, findNode(where, place.node, nodes)))
    for (const { node, input } of places) {
      const target = JSON.stringify([String(node), input])
      if (taken.has(target))
        throw new Error(`${where} is the same as ${taken.get(target)}. Remove one of them`)
      taken.set(target, name)
    }
    return join ? join(where, found) : found[0]!
  })
}

function joinAll(where: string, inputs: readonly NamedInput[]): NamedInput {
  if (canJoin(inputs)) return joinInputs(inputs)
  throw new Error(`${where}.fields: no value fits all of them. Make an input for each`)
}

/** An input for several fields has a list of them, `fields`. */
function placesOf(where: string, { fields, ...entry }: Row): Row[] {
  if (fields === undefined) return [entry]
  const isList = Array.isArray(fields) && fields.length > 0 && fields.every(isObject)
  const isAlone = entry.node === undefined && entry.input === undefined
  if (isList && isAlone) return fields.map(({ node, input, ...more }) => ({ ...entry, ...more, node, input }))
  throw new Error(`${where}.fields must be a list of { node, input }, in the place of node and input`)
}

function findNode(where: string, id: unknown, nodes: Nodes): KnownNode {
  const known = nodes.get(String(id))
  if (known) return known
  const ids = [...nodes.keys()].slice(0, MOST_LISTED).map((key) => JSON.stringify(key))
  const more = nodes.size > MOST_LISTED ? '…' : ''
  throw new Error(`${where}.node must be a node of the workflow: ${ids.join(', ')}${more}`)
}

function checkOutput(where: string, name: string, entry: Row, known: KnownNode): NamedOutput {
  refuseUnknown(where, entry, ['node'])
  const kind = outputKind(known)
  if (kind) return { name, kind, node: known.id, why: 'sidecar' }
  const node = `node "${known.id}" (${known.node.class_type})`
  throw new Error(`${where}.node: ${node} saves no file that ComfyUI shows. Name a save node`)
}

const INPUT_KEYS = ['node', 'input', 'kind', 'required', 'default', 'min', 'max', 'options', 'description']

/** Checks an input of a sidecar against its node and the server. Errors begin with `where`. */
function checkSidecarInput(where: string, name: string, entry: Row, known: KnownNode): NamedInput {
  refuseUnknown(where, entry, INPUT_KEYS)
  const field = findField(where, String(entry.input), known)
  const kind = checkKind(where, entry.kind, field)
  const isFile = isFileKind(kind)
  const { required, description, min, max, options, default: preset } = entry
  const expect = (ok: boolean, key: string, what: string): void => {
    if (!ok) throw new Error(`${where}.${key} ${what}`)
  }
  const expectValue = (key: string, value: unknown): void => {
    const text = JSON.stringify(value)
    const wanted = kind === 'number' ? rangeOf(field) : `a ${kind}`
    const isRight = kind === 'number' ? isInRange(value, field) : typeof value === kind
    expect(isRight, key, `must be ${wanted}, not ${text}`)
    const { options: choices } = field
    const has = choices?.slice(0, MOST_LISTED).join(', ')
    expect(choices?.includes(value as Scalar) ?? true, key, `${text} is not on the server, which has ${has}`)
  }

  expect(['boolean', 'undefined'].includes(typeof required), 'required', 'must be true or false')
  expect(['string', 'undefined'].includes(typeof description), 'description', 'must be a string')
  for (const [key, limit] of Object.entries({ min, max })) {
    if (limit === undefined) continue
    expect(kind === 'number', key, `is for numbers, and this is of kind ${kind}. Remove it`)
    expectValue(key, limit)
  }
  expect(!(Number(min) > Number(max)), 'min', 'must not be above max')
  if (options !== undefined) {
    expect(!isFile, 'options', 'is not for files. Remove it')
    expect(Array.isArray(options) && options.length > 0, 'options', 'must be a list that is not empty')
    for (const option of options as unknown[]) expectValue('options', option)
  }
  if (preset !== undefined) {
    expect(!isFile && !field.array, 'default', 'is not for files and lists. Remove it')
    expect(required !== true, 'default', 'is never used, because required is true. Remove one of them')
    expectValue('default', preset)
  }

  const { node: _node, input: _input, ...set } = entry
  const input = makeInput(name, known, field, 'sidecar', { ...set, kind })
  const { default: value } = input
  const from = preset === undefined ? `, not ${JSON.stringify(value)} as in the workflow. Give a default` : ''
  const range = { ...field, min: input.min, max: input.max }
  expect(typeof value !== 'number' || isInRange(value, range), 'default', `must be ${rangeOf(range)}${from}`)
  const isChoice = options === undefined || value === undefined || input.options?.includes(value) === true
  expect(isChoice, 'default', `must be one of options${from}`)
  return input
}

function findField(where: string, key: string, { id, node, fields, links }: KnownNode): Field {
  const open = [...fields.keys()].filter((name) => name !== 'filename_prefix' && !links.has(name))
  if (open.includes(key)) return fields.get(key)!
  const why = links.has(key)
    ? `${key} comes from node ${links.get(key)}. Name a field of that node`
    : fields.has(key)
      ? 'filename_prefix is set for each run. Remove this input'
      : `no field ${JSON.stringify(key)}. It has ${open.join(', ') || 'none that can be set'}`
  throw new Error(`${where}.input: node "${id}" (${node.class_type}): ${why}`)
}

function checkKind(where: string, kind: unknown, field: Field): Kind {
  const isFile = isFileKind(field.kind)
  const allowed = field.kind === 'string' ? ['string', ...FILE_KINDS] : isFile ? FILE_KINDS : [field.kind]
  if (kind === undefined) return field.kind
  if (allowed.includes(kind as Kind)) return kind as Kind
  throw new Error(`${where}.kind must be ${allowed.join(' or ')}, as ${field.name} is on the server`)
}

function isInRange(value: unknown, { integer, min = -Infinity, max = Infinity }: Field): boolean {
  if (typeof value !== 'number' || value < min || value > max) return false
  return integer ? Number.isSafeInteger(value) : Number.isFinite(value)
}

function rangeOf({ integer, min = -Infinity, max = Infinity }: Field): string {
  return `a ${integer ? 'whole number' : 'number'} from ${min} to ${max}`
}

/** Refuses keys of a sidecar that nothing reads, such as misspelt ones. */
function refuseUnknown(where: string, entry: Record<string, unknown>, known: readonly string[]): void {
  for (const key of Object.keys(entry)) {
    if (known.includes(key)) continue
    throw new Error(`${where}: unknown key ${JSON.stringify(key)}. Known keys are ${known.join(', ')}`)
  }
}
