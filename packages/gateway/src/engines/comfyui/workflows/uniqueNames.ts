import { cleanName } from './cleanName.ts'

/** Equal names get the id of their node, all of them, so that no name depends on which comes first. */
export function uniqueNames<T extends { name: string; node: string }>(found: readonly T[]): Map<string, T> {
  let names = found.map(({ name }) => name)
  // A name with an id may be another one's name, so a second round.
  for (let round = 0; round < 2; round++) {
    const counts = new Map<string, number>()
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
    names = names.map((name, index) =>
      counts.get(name) === 1 ? name : `${name}_${cleanName(found[index]!.node) || 'node'}`,
    )
  }
  const unique = new Map<string, T>()
  const last = new Map<string, number>()
  names.forEach((base, index) => {
    let name = base
    let number = last.get(base) ?? 1
    while (unique.has(name)) name = `${base}_${++number}`
    last.set(base, number)
    unique.set(name, { ...found[index]!, name })
  })
  return unique
}
