import leven from 'leven'

/** `Did you mean "text_51536"?`, where one of `known` is near, with a space before it; else nothing. */
export function suggest(word: string, known: Iterable<string>): string {
  const near = [...known]
    .map((name) => ({ name, distance: leven(word.toLowerCase(), name.toLowerCase()) }))
    .filter(
      ({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(word.length, name.length) * 0.4)),
    )
    .sort((a, b) => a.distance - b.distance)[0]
  return near ? ` Did you mean "${near.name}"?` : ''
}
