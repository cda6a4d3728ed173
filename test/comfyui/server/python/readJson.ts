const bigNumber = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g
const mark = '\u0000int:'

/** JSON as Python reads it: integers above 2^53 keep their digits, as a `bigint`. */
export function readJson(text: string): unknown {
  const marked = text.replace(bigNumber, (found) => (found[0] === '"' ? found : JSON.stringify(mark + found)))
  return JSON.parse(marked, (_key, value) => {
    if (typeof value !== 'string' || !value.startsWith(mark)) return value
    const whole = BigInt(value.slice(mark.length))
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
  })
}
