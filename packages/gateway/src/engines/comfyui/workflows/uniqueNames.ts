import { cleanName } from './cleanName.ts'
import type { Found } from './types.ts'

/** Equal names get the id of their node, all of them, so that no name depends on which comes first. */
export function uniqueNames<T extends Found>(found: readonly T[]): Map<string, T> {
  let names = found.map(({ name }) => name)
  // A name with an id may be another one's name, so a second round.
  for (let round = 0; round < 2; round++) {
    const counts = new Map<string, number>()
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
    names = names.map((name, index) =>
      counts.get(name) === 1 ? name : `${name}_${cleanName(found[index]!.known.id) || 'node'}`,
    )
  }
  const unique = new Map<string, T>()
  const last = new Map<string, number>()
  names.forEach((name, index) => {
    let free = name
    let number = last.get(name) ?? 1
    while (unique.has(free)) free = `${name}_${++number}`
    last.set(name, number)
    unique.set(free, found[index]!)
  })
  return unique
}
