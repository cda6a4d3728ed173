import type { Kind, Scalar } from '../../../engine.ts'
import { linkOf } from './linkOf.ts'
import { makeInput } from './makeInput.ts'
import { refuseUnknown } from './refuseUnknown.ts'
import type { Field, FoundInput, KnownNode } from './types.ts'

const KEYS = ['node', 'input', 'kind', 'required', 'default', 'min', 'max', 'options', 'description']
const FILES: readonly Kind[] = ['image', 'video', 'audio', 'file']

type Entry = Record<string, unknown>

/** Checks an input of a sidecar against its node and the server. `where` stands in errors. */
export function checkSidecarInput(where: string, name: string, entry: Entry, known: KnownNode): FoundInput {
  refuseUnknown(where, entry, KEYS)
  const field = findField(where, entry.input, known)
  const kind = checkKind(where, entry.kind, field)
  const { required, description, min, max, options, default: preset } = entry
  const expect = (ok: boolean, key: string, what: string): void => {
    if (!ok) throw new Error(`${where}.${key} ${what}`)
  }
  const expectValue = (key: string, value: unknown): void => {
    const shown = JSON.stringify(value)
    const isNumber = kind === 'number'
    expect(!isNumber || isInRange(value, field), key, `must be ${rangeOf(field)}, not ${shown}`)
    expect(isNumber || typeof value === kind, key, `must be a ${kind}, not ${shown}`)
    const choices = field.options ?? [value]
    const has = choices.slice(0, 20).join(', ')
    expect(choices.includes(value as Scalar), key, `${shown} is not on the server, which has ${has}`)
  }

  expect(required === undefined || typeof required === 'boolean', 'required', 'must be true or false')
  expect(description === undefined || typeof description === 'string', 'description', 'must be a text')
  for (const [key, limit] of Object.entries({ min, max })) {
    if (limit === undefined) continue
    expect(kind === 'number', key, `is for numbers, and this is of kind ${kind}. Remove it`)
    expectValue(key, limit)
  }
  expect(Number(min ?? 0) <= Number(max ?? Infinity) || min === undefined, 'min', 'must not be above max')
  if (options !== undefined) {
    expect(!FILES.includes(kind), 'options', 'is not for files. Remove it')
    expect(Array.isArray(options) && options.length > 0, 'options', 'must be a list that is not empty')
    for (const option of options as unknown[]) expectValue('options', option)
  }
  if (preset !== undefined) {
    expect(!FILES.includes(kind) && !field.array, 'default', 'is neither for files nor for lists. Remove it')
    expect(required !== true, 'default', 'is never taken where required is true. Remove one of them')
    expectValue('default', preset)
  }

  const set = { kind, required, default: preset, min, max, options, description } as FoundInput['set']
  const found: FoundInput = { name, known, field, why: 'sidecar', set }
  const { default: value, min: low, max: high, options: choices } = makeInput(found)
  const from = preset === undefined ? `, not ${JSON.stringify(value)} as in the workflow. Give a default` : ''
  if (typeof value === 'number') {
    const range = { ...field, min: low, max: high }
    expect(isInRange(value, range), 'default', `must be ${rangeOf(range)}${from}`)
  }
  if (options !== undefined && value !== undefined) {
    expect(choices?.includes(value) === true, 'default', `must be one of options${from}`)
  }
  return found
}

function findField(where: string, name: unknown, known: KnownNode): Field {
  const { id, node, fields } = known
  const key = String(name)
  const field = fields.get(key)
  const from = linkOf(known, key)
  if (field && from === undefined && key !== 'filename_prefix') return field
  const open = [...fields.keys()].filter((other) => other !== 'filename_prefix' && !linkOf(known, other))
  const why = from
    ? `${key} comes from node ${from}. Name a field of that node`
    : field
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
