import type { Spec } from '../nodes/types.ts'
import { convert } from '../python/convert.ts'
import { PythonError } from '../python/PythonError.ts'
import { repr, str } from '../python/repr.ts'

export interface Problem {
  type: string
  message: string
  details: string
  extra_info: Record<string, unknown>
}

/** A number in a message: one with a fraction always shows it. */
const show = (type: unknown, value: unknown): string =>
  type === 'FLOAT' && Number.isInteger(value) ? `${value}.0` : String(value)

/** The choices of an input, in both spellings. */
function choicesOf([type, options]: Spec, checksNewCombos: boolean): readonly unknown[] | undefined {
  if (Array.isArray(type)) return type
  return type === 'COMBO' && checksNewCombos ? options?.options : undefined
}

/** Converts a value and checks it: what was made of it, and what is wrong with it. */
export function checkValue(
  name: string,
  spec: Spec,
  value: unknown,
  { isChecked, checksNewCombos }: { isChecked: boolean; checksNewCombos: boolean },
): { value: unknown; problem?: Problem } {
  const [type, options = {}] = spec
  const about = { input_name: name, input_config: spec, received_value: value }
  let made: any
  try {
    made = convert(type, value)
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    const problem: Problem = {
      type: 'invalid_input_type',
      message: `Failed to convert an input value to a ${type} value`,
      details: `${name}, ${str(value)}, ${error.message}`,
      extra_info: { ...about, exception_message: error.message },
    }
    return { value, problem }
  }
  if (!isChecked) return { value: made }
  const extra_info = { ...about, received_value: made }
  for (const [type_, word, limit, isOut] of [
    ['value_smaller_than_min', 'smaller than min', options.min, made < options.min],
    ['value_bigger_than_max', 'bigger than max', options.max, made > options.max],
  ] as const) {
    if (limit === undefined || !isOut) continue
    const message = `Value ${show(type, made)} ${word} of ${show(type, limit)}`
    return { value: made, problem: { type: type_, message, details: name, extra_info } }
  }
  const choices = choicesOf(spec, checksNewCombos)
  if (choices && !choices.includes(made)) {
    const isLong = choices.length > 20
    const list = isLong ? `(list of length ${choices.length})` : repr(choices)
    const problem: Problem = {
      type: 'value_not_in_list',
      message: 'Value not in list',
      details: `${name}: ${repr(made)} not in ${list}`,
      extra_info: { ...extra_info, ...(isLong && { input_config: null }) },
    }
    return { value: made, problem }
  }
  return { value: made }
}
