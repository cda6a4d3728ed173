/** A value as Python's `repr` shows it. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'"
    const inner = value
      .replaceAll('\\', '\\\\')
      .replaceAll(quote, `\\${quote}`)
      .replaceAll('\n', '\\n')
      .replaceAll('\r', '\\r')
      .replaceAll('\t', '\\t')
    return quote + inner + quote
  }
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, held]) => `${repr(key)}: ${repr(held)}`)
      .join(', ')}}`
  }
  return Number.isNaN(value) ? 'nan' : String(value)
}

/** A value as Python's `str` shows it. */
export const str = (value: unknown): string => (typeof value === 'string' ? value : repr(value))
