import type { Life } from './types.ts'

/** An exception as Python would raise it, for the answers that show one. */
export class PythonError extends Error {
  readonly type: string
  /** Lines of the traceback below those that each node has. */
  readonly frames: readonly string[]

  constructor(type: string, message: string, frames: readonly string[] = []) {
    super(message)
    this.type = type
    this.frames = frames
  }
}

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

/** Lines of a traceback, with the absolute paths that a real one has. */
export const traceback = ({ folder }: Life, lines: readonly string[]): string[] =>
  lines.map((line) =>
    line
      .replace('<server>', `${folder}/comfyui`)
      .replace('<python>', '/usr/lib/python3.13')
      .replace('<base>', folder),
  )

/** A line of ComfyUI's own, whose code is not shown. */
export const serverLine = (line: number, name: string): string =>
  `  File "<server>/execution.py", line ${line}, in ${name}\n    …\n`
