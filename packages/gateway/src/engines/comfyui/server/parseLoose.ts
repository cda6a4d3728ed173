/** Python writes numbers that JSON does not have: each is read as null. */
export function parseLoose(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const strict = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (part) =>
      part.startsWith('"') ? part : 'null',
    )
    return JSON.parse(strict)
  }
}
