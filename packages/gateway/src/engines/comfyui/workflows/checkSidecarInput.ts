import type { Kind, Scalar } from '../../../engine.ts'
import { isLink } from './isLink.ts'
import { makeInput } from './makeInput.ts'
import { refuseUnknown } from './refuseUnknown.ts'
import type { Field, FoundInput, KnownNode } from './types.ts'

const KEYS = ['node', 'input', 'kind', 'required', 'default', 'min', 'max', 'options', 'description']
const FILES: readonly Kind[] = ['image', 'video', 'audio', 'file']

/** Checks an input of a sidecar against its node, and what it says of the input against the server. */
export function checkSidecarInput(
  where: string,
  name: string,
  entry: Record<string, unknown>,
  known: KnownNode,
): FoundInput {
  refuseUnknown(where, entry, KEYS)
  const field = findField(where, entry.input, known)
  const kind = checkKind(where, entry.kind, field)
  const isFile = FILES.includes(kind)
  const fail = (key: string, what: string): never => {
    throw new Error(`${where}.${key} ${what}`)
  }

  const { required, description, min, max, options, default: preset } = entry
  if (required !== undefined && typeof required !== 'boolean') fail('required', 'must be true or false')
  if (description !== undefined && typeof description !== 'string') fail('description', 'must be a text')
  for (const [key, limit] of Object.entries({ min, max })) {
    if (limit === undefined) continue
    if (kind !== 'number') fail(key, `is for numbers, and this is of kind ${kind}. Remove it`)
    if (typeof limit !== 'number' || !isInRange(limit, field)) fail(key, `must be a number${rangeOf(field)}`)
  }
  if (typeof min === 'number' && typeof max === 'number' && min > max) fail('min', 'must not be above max')
  if (options !== undefined) {
    if (isFile) fail('options', 'is for values, not for files. Remove it')
    if (!Array.isArray(options) || options.length === 0) fail('options', 'must be a list that is not empty')
    for (const option of options as unknown[]) checkValue(option, (what) => fail('options', `holds ${what}`))
  }
  if (preset !== undefined) {
    if (isFile || field.array) fail('default', `is not for ${isFile ? 'files' : 'lists'}. Remove it`)
    if (required === true) fail('default', 'is never taken where required is true. Remove one of them')
    checkValue(preset, (what) => fail('default', `is ${what}`))
  }

  const set = { kind, required, default: preset, min, max, options, description } as FoundInput['set']
  const found: FoundInput = { name, known, field, why: 'sidecar', set }
  const made = makeInput(found)
  if (made.default !== undefined) {
    const { default: value, min: low = -Infinity, max: high = Infinity, options: choices } = made
    const isOut = typeof value === 'number' && (value < low || value > high)
    const whose = preset === undefined ? `the workflow has ${JSON.stringify(value)}, which` : 'it'
    if (isOut) fail('default', `must be from ${low} to ${high}: ${whose} is not`)
    const isChosen = options !== undefined || preset !== undefined
    if (isChosen && choices && !choices.includes(value))
      fail('default', `must be one of options: ${whose} is not`)
  }
  return found

  function checkValue(value: unknown, report: (what: string) => never): void {
    const shown = JSON.stringify(value)
    if (typeof value !== kind) report(`${shown}, which is no ${kind}`)
    if (typeof value === 'number' && !isInRange(value, field))
      report(`${shown}: it must be a number${rangeOf(field)}`)
    if (field.options && !field.options.includes(value as Scalar)) {
      report(`${shown}, which the server does not have. It has ${field.options.slice(0, 20).join(', ')}`)
    }
  }
}

function findField(where: string, name: unknown, known: KnownNode): Field {
  const { id, node, fields } = known
  const what = `node "${id}" (${node.class_type})`
  if (typeof name === 'string' && isLink(known, name)) {
    const [from] = node.inputs[name] as unknown[]
    throw new Error(`${where}.input: ${name} of ${what} comes from node "${from}". Name a field of that node`)
  }
  const field = typeof name === 'string' ? fields.get(name) : undefined
  if (field?.name === 'filename_prefix') {
    throw new Error(
      `${where}.input: filename_prefix is set by the gateway, for each run another. Remove this input`,
    )
  }
  if (field) return field
  const open = [...fields.keys()].filter((key) => key !== 'filename_prefix' && !isLink(known, key))
  const others = open.length > 0 ? `It has ${open.join(', ')}` : 'It has none that can be set'
  throw new Error(
    `${where}.input: ${what} has no field ${JSON.stringify(name) ?? 'without a name'}. ${others}`,
  )
}

function checkKind(where: string, kind: unknown, field: Field): Kind {
  const allowed: readonly Kind[] = FILES.includes(field.kind)
    ? FILES
    : field.kind === 'string'
      ? ['string', ...FILES]
      : [field.kind]
  if (kind === undefined) return field.kind
  if (allowed.includes(kind as Kind)) return kind as Kind
  throw new Error(`${where}.kind must be ${allowed.join(' or ')}, as ${field.name} is on the server`)
}

function isInRange(value: number, { integer, min = -Infinity, max = Infinity }: Field): boolean {
  return value >= min && value <= max && (integer ? Number.isSafeInteger(value) : Number.isFinite(value))
}

function rangeOf({ integer, min, max }: Field): string {
  return [
    integer && ' without a fraction',
    min !== undefined && ` from ${min}`,
    max !== undefined && ` to ${max}`,
  ]
    .filter(Boolean)
    .join(',')
    .replace(', to', ' to')
}
