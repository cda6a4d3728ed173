import { ArgumentError } from '../errors.ts'
import { isObject } from './values.ts'

/** Gives `true`, or a description of the right value. */
// biome-ignore lint/suspicious/noExplicitAny: a rule narrows the type of its value
export type Rule = (value: any) => string | true

// Tables of rules have no lookups and no spreads at the top level: those would stay in every bundle.

export const isRecord: Rule = (value) => isObject(value) || 'a plain object'
export const isFunction: Rule = (value) => typeof value === 'function' || 'a function'
export const isMs: Rule = (value) => (typeof value === 'number' && value > 0) || 'a number above 0 (ms)'
export const isCount: Rule = (value) => (Number.isInteger(value) && value >= 0) || 'a whole number from 0'
/** Names and values of headers are checked later, for each request, because a function may give them. */
export const isHeaders: Rule = (value) => isFunction(value) === true || isRecord(value)

export const requestRules: Record<'signal' | 'timeoutMs' | 'maxRetries' | 'headers', Rule> = {
  signal: (value) => value instanceof AbortSignal || 'an AbortSignal',
  timeoutMs: isMs,
  maxRetries: isCount,
  headers: isHeaders,
}

export const isBoolean: Rule = (value) => value === !!value || 'a boolean'
export const isString: Rule = (value) => typeof value === 'string' || 'a string'
/** For limits of 1 or more. */
export const isFrom1: Rule = (value) => (isCount(value) === true && value > 0) || 'a whole number from 1'
/** For ids and names that become part of a URL. */
export const isId: Rule = (value) =>
  (typeof value === 'string' && !/^\.{0,2}$|\p{Surrogate}/u.test(value)) ||
  'a string of valid Unicode, not "", "." or ".."'
export const isPush: Rule = (value) =>
  typeof value?.watch === 'function' || 'a connection of connectWebSocket or connectEvents'

export function check(name: string, value: unknown, rule: Rule): void {
  const result = rule(value)
  if (result !== true) throw new ArgumentError(`${name} must be ${result}`)
}

export function checkOptions(options: object, rules: Readonly<Record<string, Rule>>): void {
  check('options', options, isRecord)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) {
      throw new ArgumentError(`Unknown option ${name}; known: ${Object.keys(rules)}`)
    }
    if (value !== undefined) check(name, value, rules[name]!)
  }
}

/** Checks an id and encodes it for a path. */
export function encodeId(name: string, value: string): string {
  check(name, value, isId)
  return encodeURIComponent(value)
}
