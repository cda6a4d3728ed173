import type { InputDetails, Scalar } from './types.ts'

/**
 * The details of an input, from the field `input_details` of its workflow. The server leaves out usual values there. If
 * the field lacks the input, nothing is known about it. Fields of a wrong type are ignored.
 */
export function readDetails(told: unknown, name: string): InputDetails {
  const known = isRecord(told) && Object.hasOwn(told, name) ? told[name] : undefined
  if (!isRecord(known)) return { required: null }
  const { required, array, default: preset, min, max, integer, options, description } = known
  return {
    required: required !== false && !isScalar(preset),
    ...(array === true && { array }),
    ...(isScalar(preset) && { default: preset }),
    ...(isNumber(min) && { min }),
    ...(isNumber(max) && { max }),
    ...(integer === true && { integer }),
    ...(isChoices(options) && { options: [...new Set(options)] }),
    ...(typeof description === 'string' && description.trim() && { description }),
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isNumber = (value: unknown): value is number => Number.isFinite(value)

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || isNumber(value) || typeof value === 'boolean'

const isChoices = (value: unknown): value is Scalar[] =>
  Array.isArray(value) && value.length > 0 && value.every(isScalar)
