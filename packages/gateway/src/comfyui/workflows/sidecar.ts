import type { Kind, Scalar } from '../../engine.ts'
import { makeInput } from '../../engines/comfyui/workflows/makeInput.ts'
import { refuseUnknown } from '../../engines/comfyui/workflows/refuseUnknown.ts'
import type { Field, KnownNode, NamedInput } from './types.ts'

const KEYS = ['node', 'input', 'kind', 'required', 'default', 'min', 'max', 'options', 'description']
const FILES: readonly Kind[] = ['image', 'video', 'audio', 'file']

type Entry = Record<string, unknown>

/** Checks an input of a sidecar against its node and the server. `where` stands in errors. */
export function checkSidecarInput(where: string, name: string, entry: Entry, known: KnownNode): NamedInput {
  refuseUnknown(where, entry, KEYS)
  const field = findField(where, String(entry.input), known)
  const kind = checkKind(where, entry.kind, field)
  const isFile = FILES.includes(kind)
  const { required, description, min, max, options, default: preset } = entry
  const expect = (ok: boolean, key: string, what: string): void => {
    if (!ok) throw new Error(`${where}.${key} ${what}`)
  }
  const expectValue = (key: string, value: unknown): void => {
    const shown = JSON.stringify(value)
    const wanted = kind === 'number' ? rangeOf(field) : `a ${kind}`
    expect(
      kind === 'number' ? isInRange(value, field) : typeof value === kind,
      key,
      `must be ${wanted}, not ${shown}`,
    )
    const { options: choices } = field
    const has = choices?.slice(0, 20).join(', ')
    expect(choices?.includes(value as Scalar) ?? true, key, `${shown} is not on the server, which has ${has}`)
  }

  expect(['boolean', 'undefined'].includes(typeof required), 'required', 'must be true or false')
  expect(['string', 'undefined'].includes(typeof description), 'description', 'must be a text')
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
  const isFile = FILES.includes(field.kind)
  const allowed = field.kind === 'string' ? ['string', ...FILES] : isFile ? FILES : [field.kind]
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
