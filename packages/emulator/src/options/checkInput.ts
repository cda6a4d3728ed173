import type { Input, Kind } from '@flowscale/gateway/face'
import type { InputDefinition } from '../types.ts'
import { expect, isObject, refuseUnknown } from './expect.ts'

const KNOWN = [
  'kind',
  'required',
  'array',
  'default',
  'min',
  'max',
  'integer',
  'options',
  'description',
  'seed',
]
const KINDS: readonly unknown[] = ['string', 'number', 'boolean', 'image', 'video', 'audio', 'file']

/** Checks and copies an input of a definition. `where` stands in errors. */
export function checkInput(value: Kind | InputDefinition, where: string): Input {
  if (!isObject(value)) return { kind: checkKind(value, where), required: true, array: false }
  refuseUnknown(value, KNOWN, where)
  const { kind, default: preset, min, max, options, description, ...flags } = value as InputDefinition
  const { array = false, integer = false, seed = false } = flags
  const { required = preset === undefined && !seed } = flags
  checkKind(kind, `${where}.kind`)
  for (const [key, flag] of Object.entries({ required, array, integer, seed })) {
    expect(typeof flag === 'boolean', `${where}.${key}`, 'true or false')
  }
  const isNumber = kind === 'number'
  for (const [key, limit] of Object.entries({ min, max })) {
    if (limit !== undefined) expect(isNumber && Number.isFinite(limit), `${where}.${key}`, numberFor(kind))
  }
  expect(!(Number(min) > Number(max)), `${where}.min`, 'at most max')
  expect(!integer || isNumber, `${where}.integer`, 'left out where the kind is not number')
  expect(!seed || (isNumber && !required && !array), `${where}.seed`, 'for an optional number')
  const isOption = (one: unknown): boolean => typeof one === kind
  const isList = options === undefined || (Array.isArray(options) && options.length > 0)
  expect(isList && (options ?? []).every(isOption), `${where}.options`, `a list of at least one ${kind}`)
  if (preset !== undefined) {
    const isFit = typeof preset === kind && !array
    expect(isFit, `${where}.default`, `a ${kind}, and left out of files and arrays`)
    expect(!required, `${where}.default`, 'left out where required is true')
  }
  expect(['string', 'undefined'].includes(typeof description), `${where}.description`, 'a string')
  const limits = { min, max, integer: integer || seed, options: options && [...options] }
  return { kind, required, array, default: preset, ...limits, description }
}

export function checkKind(kind: unknown, where: string): Kind {
  expect(KINDS.includes(kind), where, `one of ${KINDS.join(', ')}`)
  return kind as Kind
}

function numberFor(kind: Kind): string {
  return kind === 'number' ? 'a finite number' : `left out where the kind is ${kind}`
}
