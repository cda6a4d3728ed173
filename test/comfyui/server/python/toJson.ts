/** JSON as Python writes it: with spaces, only ASCII, and `NaN` as it is. What is no JSON throws. */
export function toJson(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `[${value.map(toJson).join(', ')}]`
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value).replace(
        /[\u007f-\uffff]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object': {
      const pairs = Object.entries(value).filter(([, held]) => held !== undefined)
      return `{${pairs.map(([key, held]) => `${toJson(key)}: ${toJson(held)}`).join(', ')}}`
    }
    default:
      throw new TypeError(`${typeof value} is not JSON serializable`)
  }
}
