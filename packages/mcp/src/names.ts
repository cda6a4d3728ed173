// Names that every host accepts, for names that people chose.

/**
 * Gives a function that makes a name of the characters that `others` leaves, numbered if it is taken. `spare` is for a name
 * without any such character. Names that differ only in upper case count as equal.
 */
export function createNamer(
  others: RegExp,
  most: number,
  reserved: Iterable<string>,
): (wanted: string, spare: string) => string {
  const taken = new Set(reserved)
  const clean = (text: string) =>
    text.replace(others, '_').replace(/^_+/, '').slice(0, most).replace(/_+$/, '')
  // A validator finds the members of `Object.prototype` in every object.
  const isFree = (name: string) => !taken.has(name.toLowerCase()) && !(name in Object.prototype)
  return (wanted, spare) => {
    const base = clean(wanted) || clean(spare) || 'unnamed'
    let name = base
    for (let number = 2; !isFree(name); number++) {
      const end = `_${number}`
      name = base.slice(0, most - end.length) + end
    }
    taken.add(name.toLowerCase())
    return name
  }
}

/** A text of others for a description: one line of whole characters, of limited length. */
export function tidy(text: string, most: number): string {
  // Characters that no reader sees, such as tags and marks of direction. Scripts and emojis need the two joiners.
  const seen = text.replace(/(?![\u200c\u200d])\p{Cf}|[\u{e0100}-\u{e01ef}]/gu, '')
  const line = seen.replace(/[\p{Cc}\p{Surrogate}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length <= most ? line : `${line.slice(0, most - 1).replace(/\p{Surrogate}$/u, '')}…`
}
