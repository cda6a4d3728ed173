import { ArgumentError } from '../errors.ts'
import type { BlobLike, Inputs } from '../types.ts'

/** One part of the form: a text, or a file with its name. */
export type Part =
  | readonly [name: string, value: string]
  | readonly [name: string, value: Blob, filename: string]

/** Checks the inputs and encodes them, all before anything is sent. */
export function encodeInputs(inputs: Inputs, arrays: string | undefined): Part[] {
  if (!inputs || !isPlainObject(inputs)) throw new ArgumentError('inputs must be a plain object')
  return Object.entries(inputs).flatMap(([name, value]) => {
    if (!name || /[\r\n"]|\p{Surrogate}/u.test(name)) {
      throw new ArgumentError(
        `inputs: the name ${JSON.stringify(name)} is empty or has a line break, a quote or half a surrogate pair`,
      )
    }
    if (!Array.isArray(value)) return value === undefined ? [] : [encode(name, name, value)]
    return value
      .filter((item) => item !== undefined)
      .map((item, index) =>
        encode(arrays === 'indexed' ? `${name}_${index}` : name, `${name}[${index}]`, item),
      )
  })
}

/** A form can be sent once only, so each attempt gets its own. */
export function buildForm(parts: readonly Part[]): FormData {
  const form = new FormData()
  // The type of one kind stands for both.
  for (const part of parts) form.append(...(part as Extract<Part, { length: 3 }>))
  return form
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function encode(name: string, path: string, value: unknown): Part {
  const wrong = (what: string, details?: { cause: unknown }) =>
    new ArgumentError(`inputs.${path} ${what}`, details)
  switch (typeof value) {
    case 'string':
      if (/\p{Surrogate}/u.test(value)) throw wrong('has half a surrogate pair')
      return [name, value]
    case 'number':
      if (!Number.isFinite(value)) throw wrong(`is ${value}; pass a finite number`)
      return [name, `${value}`]
    case 'bigint':
    case 'boolean':
      return [name, `${value}`]
    case 'object':
      break
    default:
      throw wrong(`is a ${typeof value}, which can't be sent`)
  }
  if (value === null) throw wrong('is null; leave it out, or pass undefined')
  if (value instanceof Blob) return [name, value, filenameOf(name, value)]
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    try {
      return [name, new Blob([value as BlobPart]), `${safe(name)}.bin`]
    } catch (cause) {
      throw wrong('has bytes that are gone (transferred to a worker?)', { cause })
    }
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw wrong('is an invalid date')
    return [name, value.toISOString()]
  }
  if (Array.isArray(value)) throw wrong('is an array in an array; pass an object, which is sent as JSON')
  const { getReader, pipe } = value as { getReader?: unknown; pipe?: unknown }
  if (typeof (getReader ?? pipe) === 'function') {
    throw wrong('is a stream; make a Blob of it: await new Response(stream).blob()')
  }
  if (!isPlainObject(value))
    throw wrong('is of a class that has no form; pass a Blob, a string or a plain object')
  try {
    const json = JSON.stringify(value, checkJson)
    if (!json) throw new TypeError('its toJSON gives nothing')
    return [name, json]
  } catch (error) {
    throw wrong(`can't be sent as JSON: ${Object(error).message}`, { cause: error })
  }
}

/** Stops at what JSON would silently drop or bend. */
function checkJson(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const given = this[key]
  if (
    typeof given === 'function' ||
    typeof given === 'symbol' ||
    (typeof given === 'number' && !Number.isFinite(given)) ||
    (given instanceof Date && value === null) ||
    (typeof value === 'object' && value !== null && !Array.isArray(value) && !isPlainObject(value))
  ) {
    throw new TypeError(`${key} is not JSON`)
  }
  return value
}

const extensions: Readonly<Record<string, string>> = {
  jpeg: 'jpg',
  'svg+xml': 'svg',
  plain: 'txt',
  quicktime: 'mov',
  'x-matroska': 'mkv',
  'x-msvideo': 'avi',
  'x-wav': 'wav',
}

/** Servers drop file parts without a name, and tell their kind by the extension. */
function filenameOf(name: string, blob: BlobLike & { readonly name?: unknown }): string {
  const own = typeof blob.name === 'string' ? safe(blob.name) : ''
  if (/[^.]\.+[\p{L}\p{N}]+$/u.test(own)) return own
  const [type = '', subtype = ''] = blob.type.split(';')[0]!.trim().toLowerCase().split('/')
  const extension =
    extensions[subtype] ??
    (subtype === 'mpeg' && type === 'audio' ? 'mp3' : /^[a-z\d]{2,5}$/.test(subtype) ? subtype : 'bin')
  return `${/^\.*$/.test(own) ? safe(name) : own}.${extension}`
}

const safe = (filename: string): string => filename.replace(/[\x00-\x1f\x7f-\x9f"'`/\\]|\p{Surrogate}/gu, '_')
