/** What a text holds, or `undefined`. Python writes numbers that JSON does not have: each is read as null. */
export function parseJson(text: string): unknown {
  for (const loose of [false, true]) {
    try {
      return JSON.parse(loose ? text.replace(ODD, (part) => (part.startsWith('"') ? part : 'null')) : text)
    } catch {}
  }
  return undefined
}

const ODD = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g
