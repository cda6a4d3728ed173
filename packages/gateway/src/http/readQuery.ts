// Checks the query of a request by the table of operations.
import { InputError, type Problem } from '../engine.ts'
import type { Dialect, Parameter, Parameters } from './operations.ts'

/**
 * The known parameters of a query with their defaults. Throws all that is wrong with them. Unknown ones are ignored, as
 * pods do.
 */
export function readQuery(
  sent: URLSearchParams,
  parameters: Parameters,
  { dialect, longestList }: { readonly dialect: Dialect; readonly longestList?: number | undefined },
): URLSearchParams {
  const hasPages = dialect === 'python' || longestList !== undefined
  const query = new URLSearchParams()
  const problems: Problem[] = []
  for (const [name, rule] of Object.entries(parameters)) {
    const given = rule.ofPages && !hasPages ? null : sent.get(name)
    const isText = !rule.type && !rule.enum && !rule.format
    if (given === null || (isText && given === '')) {
      if (rule.required?.includes(dialect))
        problems.push({ loc: ['query', name], msg: 'Field required', type: 'missing' })
      if (rule.default !== undefined) query.set(name, String(rule.default))
      continue
    }
    const problem = isText ? undefined : check(given, rule)
    if (problem) problems.push({ loc: ['query', name], ...problem })
    else query.set(name, given)
  }
  if (problems.length > 0) throw new InputError(problems)
  return query
}

/** What is wrong with a value, if anything. */
function check(given: string, rule: Parameter): Omit<Problem, 'loc'> | undefined {
  const { enum: choices, minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = rule
  if (choices) {
    const list = choices.map((choice) => `'${choice}'`).join(' or ')
    return choices.includes(given) ? undefined : { msg: `Input should be ${list}`, type: 'literal_error' }
  }
  if (rule.format)
    return isDay(given)
      ? undefined
      : { msg: 'Input should be a valid date such as 2026-12-01', type: 'date_parsing' }
  const value = Number(given)
  if (!/^[+-]?\d+$/.test(given)) return { msg: 'Input should be a valid integer', type: 'int_parsing' }
  if (value < minimum)
    return { msg: `Input should be greater than or equal to ${minimum}`, type: 'greater_than_equal' }
  if (value > maximum)
    return { msg: `Input should be less than or equal to ${maximum}`, type: 'less_than_equal' }
  return undefined
}

/** Whether a text is a day of the calendar: `2026-02-30` is none. */
function isDay(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}
