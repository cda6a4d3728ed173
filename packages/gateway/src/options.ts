// Checks options, and says which one is wrong.
/** Describes a right value if this one is wrong, and else gives `undefined`. It never shows the value, which may be a key. */
export type Rule = (value: unknown) => string | undefined

/** A rule for each option. No other option is known. */
export type Rules<T> = { readonly [Name in keyof T]-?: Rule }

export const must =
  (be: string, test: (value: unknown) => boolean): Rule =>
  (value) =>
    test(value) ? undefined : be

export const optional =
  (rule: Rule): Rule =>
  (value) =>
    value === undefined ? undefined : rule(value)

/** An object whose fields of these names have one of the types. */
export function fields(names: string[], ...types: string[]): Rule {
  return must(`an object with ${names.join(', ')}`, (value) => {
    return isObject(value) && names.every((name) => types.includes(typeof value[name]))
  })
}

/**
 * Throws a `TypeError` for an unknown or wrong option. `path` is the place of these options in the caller's options.
 * Nothing is copied, since a copy of an object with private fields would not work.
 */
export function checkOptions<T extends object>(caller: string, options: T, rules: Rules<T>, path = ''): void {
  if (!isObject(options)) {
    throw new TypeError(`${caller}: ${path ? `option "${path}"` : 'options'} must be an object`)
  }
  const start = path && `${path}.`
  const known = Object.keys(rules) as (string & keyof T)[]
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(rules, name)) continue
    const list = known.join(', ')
    throw new TypeError(`${caller}: unknown option "${start}${name}"; the known options are ${list}`)
  }
  for (const name of known) checkOption(caller, options[name], rules[name], start + name)
}

/** Throws a `TypeError` for a wrong value. */
export function checkOption(caller: string, value: unknown, rule: Rule, path: string): void {
  const wanted = rule(value)
  if (wanted !== undefined) throw new TypeError(`${caller}: option "${path}" must be ${wanted}`)
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
