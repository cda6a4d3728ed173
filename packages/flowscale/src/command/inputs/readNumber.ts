import type { InputSpec } from '../workflow.ts'

/** A number of a text or of JSON, within the server's limits, or a text that says what is wrong. */
export function readNumber(given: unknown, spec: InputSpec): number | bigint | { wrong: string } {
  const { integer, min, max } = spec
  const value = toNumber(given)
  const shown = JSON.stringify(typeof given === 'bigint' ? `${given}` : given)
  if (value === undefined) return { wrong: `must be a number, such as 7, -1.5 or 1e3; not ${shown}` }
  if (typeof value === 'number' && !Number.isFinite(value))
    return { wrong: `${shown} is too large for a number` }
  if (integer && typeof value === 'number' && !Number.isInteger(value))
    return { wrong: `must be a whole number, not ${shown}` }
  const isInside = (min === undefined || value >= min) && (max === undefined || value <= max)
  return isInside ? value : { wrong: `must be ${rangeOf(min, max)}, not ${value}` }
}

/** A whole number keeps all its digits. */
function toNumber(given: unknown): number | bigint | undefined {
  if (typeof given === 'number' || typeof given === 'bigint') return given
  if (typeof given !== 'string') return undefined
  const text = given.trim()
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined
  const value = Number(text)
  if (!/^[+-]?\d+$/.test(text) || Number.isSafeInteger(value)) return value
  return BigInt(text.replace('+', ''))
}

function rangeOf(min: number | undefined, max: number | undefined): string {
  if (min === undefined) return `at most ${max}`
  return max === undefined ? `at least ${min}` : `from ${min} to ${max}`
}
