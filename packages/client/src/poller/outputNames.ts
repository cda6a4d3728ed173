import { isSameOutput } from '../internal/isSameOutput.ts'
import { isId } from '../internal/options.ts'

/** Those of `names` that can be asked for. */
export const legal = (names: readonly unknown[] = []): string[] =>
  names.filter((name): name is string => isId(name) === true)

/**
 * Whether `list` holds `name`, in this or another form. What stands in one list with `name` is another output's,
 * however much it looks like it: those are `beside`.
 */
export function holdsName(list: readonly string[], name: string, beside: readonly string[]): boolean {
  return list.includes(name) || list.some((other) => !beside.includes(other) && isSameOutput(other, name))
}
