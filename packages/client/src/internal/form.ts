import { ArgumentError } from '../errors.ts'
import type { BlobLike, Inputs } from '../types.ts'
import { isBytes } from './data.ts'

/** A part of the form: a text, or a file with its name. */
export type Part =
  | readonly [name: string, value: string]
  | readonly [name: string, value: Blob, filename: string]

/** Checks and encodes the inputs before anything is sent. */
export function encodeInputs(inputs: Inputs, arrays: string | undefined): Part[] {
  if (!inputs || !isPlainObject(inputs)) throw new ArgumentError('inputs must be a plain object')
  return Object.keys(inputs).flatMap((name) => {
    if (!name || /[\r\n"]|\p{Surrogate}/u.test(name)) {
      throw new ArgumentError(
        `inputs: the name ${JSON.stringify(name)} is empty or has a line break, a quote or broken Unicode`,
      )
    }
    let path = name
    try {
      const value: unknown = inputs[name]
      if (!Array.isArray(value)) return value === undefined ? [] : [encode(name, value)]
      let sent = 0
      return value.flatMap((item, index) => {
        if (item === undefined) return []
        path = `${name}[${index}]`
        return [encode(arrays === 'indexed' ? `${name}_${sent++}` : name, item)]
      })
    } catch (cause) {
      const { message } = Object(cause)
      throw new ArgumentError(
        `inputs.${path} ${message ? `can't be sent as JSON: ${message}` : cause}`,
        message && { cause },
      )
    }
  })
}

/** Makes a form. It can be sent once only, so each attempt needs a new one. */
export function buildForm(parts: readonly Part[]): FormData {
  const form = new FormData()
  // The type of one kind stands for both.
  for (const part of parts) form.append(...(part as Extract<Part, { length: 3 }>))
  // The `fetch` of undici knows only its own `FormData`, and would send the text of ours.
  form.toString = () => {
    throw new TypeError('fetch has a FormData of its own; with undici, call install()')
  }
  return form
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Throws a text that says what is wrong, or the error of the value itself. */
function encode(name: string, value: unknown): Part {
  const file = isBytes(value) ? toBlob(value) : value
  if (file instanceof Blob) return [name, file, filenameOf(name, file)]
  const wrong = problem(value)
  if (wrong) throw wrong
  return [name, toText(value)]
}

function toBlob(bytes: unknown): Blob {
  try {
    return new Blob([bytes as BlobPart])
  } catch {
    throw 'is a detached ArrayBuffer'
  }
}

/** What is wrong with a value that is no file. `undefined`: nothing. */
function problem(value: unknown): string | undefined {
  const type = typeof value
  if (typeof value === 'string') return /\p{Surrogate}/u.test(value) ? 'has broken Unicode' : undefined
  if (type === 'number' && !Number.isFinite(value)) return `is ${value}; pass a finite number`
  if (type === 'function' || type === 'symbol') return `is a ${type}, which can't be sent`
  if (value === null) return 'is null; leave it out or pass undefined'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'is an invalid date' : undefined
  if (Array.isArray(value)) return 'is an array in an array; pass an object, which is sent as JSON'
  if (type !== 'object' || isPlainObject(value as object)) return undefined
  const { getReader, pipe, then, href, get } = value as Record<string, unknown>
  if (getReader ?? pipe) return 'is a stream; pass await new Response(stream).blob()'
  if (then) return 'is a promise; await it'
  if (href) return 'is a URL; pass its href'
  // A Map, Headers, URLSearchParams and a FormData, or a Set, a FileList and the like.
  if (Symbol.iterator in (value as object))
    return get ? 'is no plain object; use Object.fromEntries' : 'is no array; use Array.from'
  return 'is no plain object or Blob'
}

function toText(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  if (typeof value !== 'object') return `${value}`
  const json = JSON.stringify(value, checkJson)
  if (!json) throw new TypeError('toJSON gives nothing')
  return json
}

/** Throws where JSON would silently drop or change a value. */
function checkJson(this: Record<string, unknown>, key: string, value: unknown): unknown {
  // JSON has forms for these values. An invalid date becomes `null`.
  const isFine =
    typeof value === 'string' || Array.isArray(value) || (value === null && !(this[key] instanceof Date))
  const wrong = !isFine && problem(value ?? this[key])
  if (wrong) throw new TypeError(`${key} ${wrong}`)
  return value
}

const extensions: Readonly<Record<string, string>> = {
  jpeg: 'jpg',
  plain: 'txt',
  quicktime: 'mov',
  matroska: 'mkv',
  msvideo: 'avi',
}

/** A name for every file: servers drop files without a name, and need the extension to know the kind. */
function filenameOf(name: string, blob: BlobLike & { readonly name?: unknown }): string {
  const own = typeof blob.name === 'string' ? safe(blob.name) : ''
  if (/[^.]\.+[\p{L}\p{N}]+$/u.test(own)) return own
  const [type, subtype = ''] = blob.type
    .split(';')[0]!
    .trim()
    .toLowerCase()
    .split(/\/(?:x-)?|\+xml/)
  const extension =
    extensions[subtype] ??
    (subtype === 'mpeg' && type === 'audio' ? 'mp3' : /^[a-z\d]{2,5}$/.test(subtype) ? subtype : 'bin')
  return `${/^\.*$/.test(own) ? safe(name) : own}.${extension}`
}

const safe = (filename: string): string => filename.replace(/[\x00-\x1f\x7f-\x9f"'`/\\]|\p{Surrogate}/gu, '_')
