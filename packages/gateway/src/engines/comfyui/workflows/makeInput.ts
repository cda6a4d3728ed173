import type { Scalar } from '../../../engine.ts'
import { isObject } from './isObject.ts'
import type { FoundInput, NamedInput } from './types.ts'

/**
 * An input as callers see it. It is optional where the graph has a value for it. Files are required, since nobody wants
 * the example of the workflow's author in place of their own, and so is an FSLoadText that is left empty.
 */
export function makeInput({ name, known, field, why, set = {} }: FoundInput): NamedInput {
  const kind = set.kind ?? field.kind
  const isFile = kind === 'image' || kind === 'video' || kind === 'audio' || kind === 'file'
  const isNamedSeed = /^(noise_)?seed$/.test(field.name) || /^seed(_|$)|_seed$/.test(name)
  const seed = field.integer && isNamedSeed && set.default === undefined && set.required !== true

  const { inputs, class_type } = known.node
  const raw = Object.hasOwn(inputs, field.name) ? inputs[field.name] : undefined
  const value = asKind(kind, field.integer, raw) ?? field.default
  const isEmpty = class_type === 'FSLoadText' && value === ''
  const preset = set.default ?? (isFile || field.array || seed || isEmpty ? undefined : value)
  const isGiven = seed || preset !== undefined || (field.array && isObject(raw))
  const required = set.required ?? !isGiven

  return {
    kind,
    required,
    array: field.array,
    ...(preset !== undefined && !required && { default: preset }),
    ...(kind === 'number' && {
      min: set.min ?? field.min,
      max: set.max ?? field.max,
      integer: field.integer,
    }),
    options: isFile ? undefined : (set.options ?? field.options),
    description: set.description,
    node: known.id,
    field: field.name,
    why,
    seed,
  }
}

function asKind(kind: string, integer: boolean, value: unknown): Scalar | undefined {
  if (kind === 'number' && typeof value === 'string' && value.trim() !== '')
    return asKind(kind, integer, Number(value))
  if (kind === 'number' && typeof value === 'number' && Number.isFinite(value))
    return integer ? Math.trunc(value) : value
  if (kind === 'string' && typeof value === 'number') return String(value)
  return typeof value === kind ? (value as Scalar) : undefined
}
