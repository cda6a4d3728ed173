import { PythonError } from './PythonError.ts'
import { repr, str } from './repr.ts'

const typeName = (value: unknown): string =>
  value === null ? 'NoneType' : Array.isArray(value) ? 'list' : 'dict'

function toInt(value: unknown): number | bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return Math.trunc(value)
    throw new PythonError('ValueError', 'cannot convert float NaN to integer')
  }
  if (typeof value === 'string') {
    if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) {
      throw new PythonError('ValueError', `invalid literal for int() with base 10: ${repr(value)}`)
    }
    const whole = BigInt(value.trim().replaceAll('_', '').replace(/^\+/, ''))
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
  }
  const message = 'int() argument must be a string, a bytes-like object or a real number, not'
  throw new PythonError('TypeError', `${message} '${typeName(value)}'`)
}

export function toFloat(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return Number(value)
  if (typeof value !== 'string') {
    const message = 'float() argument must be a string or a real number, not'
    throw new PythonError('TypeError', `${message} '${typeName(value)}'`)
  }
  const text = value.trim().toLowerCase()
  if (/^[+-]?nan$/.test(text)) return Number.NaN
  if (/^[+-]?inf(inity)?$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(text)) return Number(text)
  throw new PythonError('ValueError', `could not convert string to float: ${repr(value)}`)
}

const toBool = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value)

/** The value as the server converts it before it is checked; types that it doesn't convert stay. */
export function convert(type: unknown, value: unknown): unknown {
  if (type === 'INT') return toInt(value)
  if (type === 'FLOAT') return toFloat(value)
  if (type === 'STRING') return str(value)
  if (type === 'BOOLEAN') return toBool(value)
  return value
}
