import type { Field, KnownNode, NamedInput } from '../../../comfyui/workflows/types.ts'
import type { Input, Kind, Scalar } from '../../../engine.ts'
import { isObject } from './isObject.ts'

/**
 * An input as callers see it; `set` has the settings of the sidecar. An input is optional if the graph has a value.
 * Files are required: nobody wants the example file of the workflow's author. An empty FSLoadText is required, too.
 */
export function makeInput(
  name: string,
  { id, node: { class_type, inputs } }: KnownNode,
  field: Field,
  why: string,
  set: Partial<Input> = {},
): NamedInput {
  const kind = set.kind ?? field.kind
  const isFile = kind !== 'string' && kind !== 'number' && kind !== 'boolean'
  const isSeed = /^(noise_)?seed$/.test(field.name) || /^seed(_|$)|_seed$/.test(name)
  const seed = field.integer && isSeed && set.default === undefined && set.required !== true

  const raw = Object.hasOwn(inputs, field.name) ? inputs[field.name] : undefined
  const value = asKind(kind, raw) ?? field.default
  const isEmpty = class_type === 'FSLoadText' && value === ''
  const preset = set.default ?? (isFile || field.array || seed || isEmpty ? undefined : value)
  const required = set.required ?? !(seed || preset !== undefined || (field.array && isObject(raw)))
  return {
    name,
    kind,
    required,
    array: field.array,
    default: required ? undefined : preset,
    min: set.min ?? field.min,
    max: set.max ?? field.max,
    integer: field.integer,
    options: isFile ? undefined : (set.options ?? field.options),
    description: set.description,
    node: id,
    field: field.name,
    why,
    seed,
  }
}

/** ComfyUI converts texts and numbers, too. */
function asKind(kind: Kind, value: unknown): Scalar | undefined {
  if (kind === 'string' && typeof value === 'number') return String(value)
  if (kind === 'number' && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  return typeof value === kind ? (value as Scalar) : undefined
}
