import { ArgumentError } from '../errors.ts'
import type { BlobLike, Inputs } from '../types.ts'
import { isBytes } from './data.ts'
import { check } from './options.ts'

/** A part of the form: a text, or a file with its name. */
export type Part =
  | readonly [name: string, value: string]
  | readonly [name: string, value: Blob, filename: string]

/** Checks and encodes the inputs before anything is sent. */
export function encodeInputs(inputs: Inputs, arrays: string | undefined): Part[] {
  check('inputs', inputs, (value) => (value && isPlainObject(value)) || 'a plain object')
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
        `inputs.${path} ${message ? `can't be sent: ${message}` : cause}`,
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
  return !prototype || !Object.getPrototypeOf(prototype)
}

/** Throws a text that says what is wrong, or the error of the value itself. */
function encode(name: string, value: unknown): Part {
  const file = isBytes(value) ? new Blob([value as BlobPart]) : value
  if (file instanceof Blob) return [name, file, filenameOf(name, file)]
  if (!isSendable(value)) throw refusal(value)
  const text =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'object'
        ? JSON.stringify(value, checkJson)
        : `${value}`
  // Of an object whose `toJSON` gives nothing.
  if (text === undefined) throw refusal(text)
  return [name, text]
}

/** Whether a value that is no file keeps its meaning as a text or as JSON. */
function isSendable(value: unknown): unknown {
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value)
  if (typeof value === 'number') return Number.isFinite(value)
  if (value instanceof Date) return Number.isFinite(+value)
  return typeof value === 'object' ? value && isPlainObject(value) : /^b/.test(typeof value)
}

const refusal = (value: unknown): string =>
  `can't be sent as ${(value as object | null)?.constructor?.name ?? value}: pass valid text, a finite number, a boolean, a valid date, a plain object or a file`

/** Throws where JSON would silently drop or change a value. */
function checkJson(this: Record<string, unknown>, key: string, value: unknown): unknown {
  // An invalid date becomes `null`.
  const given = value ?? this[key]
  if (given == null || typeof value === 'string' || Array.isArray(value) || isSendable(given)) return value
  throw `(${key}) ${refusal(given)}`
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
