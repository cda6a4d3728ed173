import { isId } from '../internal/options.ts'

/** Whether two names differ by an extension only: some servers leave it out, in some answers. */
function isForm(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return long.startsWith(short) && /^\.[^.]+$/.test(long.slice(short.length))
}

/** Adds to `names` those of `list` that are not there yet, in this or another form. */
export function addNames(names: Set<string>, list: unknown): void {
  const given = Array.isArray(list) ? list.filter((name) => isId(name) === true) : []
  // A name that stands beside it in the list is another output's, however much it looks like it.
  const others = [...names].filter((name) => !given.includes(name))
  for (const name of given) if (!others.some((other) => isForm(other, name))) names.add(name)
}

/** Those of `names` that are not in `list`, in this or another form. */
export function missingNames(names: ReadonlySet<string>, list: readonly (string | undefined)[]): string[] {
  return [...names].filter(
    (name) =>
      !list.includes(name) &&
      !list.some((other) => other !== undefined && !names.has(other) && isForm(other, name)),
  )
}
