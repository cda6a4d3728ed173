import { ArgumentError } from './errors.ts'
import { check, checkOptions, isString } from './internal/options.ts'
import type { FormPart } from './internal/upload.ts'
import { isBytes } from './internal/values.ts'

/** The part of `Blob` that the types need, so that you need no type library. */
export interface BlobLike {
  readonly size: number
  readonly type: string
  arrayBuffer(): Promise<ArrayBuffer>
  slice(start?: number, end?: number, type?: string): BlobLike
}

/** A Blob with a name, such as a `File` or the result of {@link toFile}. */
export interface NamedBlob extends BlobLike {
  readonly name: string
}

/**
 * A file, or a URL that the server fetches. For the path of a file use `fileInput` of `@flowscale/client/node`.
 */
export type FileInput =
  | BlobLike
  | ArrayBuffer
  | ArrayBufferView
  | `http://${string}`
  | `https://${string}`
  | `data:${string}`

/** An input that is sent as one form part. */
export type InputItem =
  | string
  | number
  | bigint
  | boolean
  | Date
  | BlobLike
  | ArrayBuffer
  | ArrayBufferView
  | { readonly [key: string]: unknown }

/** Inputs by name. An input that is `undefined` is left out. */
export type Inputs = Readonly<Record<string, InputItem | readonly (InputItem | undefined)[] | undefined>>

/** The names of the methods of `V`. Streams, promises, Maps and most class instances have methods, and can't be sent. */
type Methods<V> = {
  [K in keyof V]-?: unknown extends V[K] ? never : V[K] extends (...args: never[]) => unknown ? K : never
}[keyof V]
type Item<V> = V extends InputItem | undefined
  ? V
  : V extends readonly unknown[] | ((...args: never[]) => unknown) | symbol | null
    ? InputItem
    : [Methods<V>] extends [never]
      ? V
      : InputItem
type Value<V> = unknown extends V ? V : V extends readonly (infer I)[] ? readonly Item<I>[] : Item<V>

/**
 * `T`, if all its values can be sent. Unlike {@link Inputs} it accepts an interface, which has no index signature, and
 * values of the type `unknown`.
 */
export type InputsOf<T> =
  | Inputs
  | (T extends readonly unknown[] ? never : { readonly [K in keyof T]: Value<T[K]> })

/**
 * Gives a name to bytes or a Blob, like `new File`. It also works on Node 18, which has no `File`. The data of a
 * Blob is not copied.
 *
 * @param options `type`: the MIME type. Default: the Blob’s type.
 * @throws {@link ArgumentError}
 *
 * @example
 * ```ts
 * const image = toFile(await readFile('cat.png'), 'cat.png', { type: 'image/png' })
 * await executeWorkflow(client, 'a9bc45rt2kpm', { image_input: image, prompt: 'in oil' })
 * ```
 */
export function toFile(
  data: BlobLike | ArrayBuffer | ArrayBufferView,
  filename: string,
  options: { type?: string | undefined } = {},
): NamedBlob {
  const isBlob = data instanceof Blob
  if (!isBlob && !isBytes(data)) {
    throw new ArgumentError('data must be a Blob, an ArrayBuffer or a typed array')
  }
  if (typeof filename !== 'string' || !filename)
    throw new ArgumentError('filename must be a non-empty string')
  checkOptions(options, { type: isString })
  const { type = isBlob ? data.type : '' } = options
  try {
    return Object.defineProperty(new Blob([data as BlobPart], { type }), 'name', {
      value: filename,
    }) as unknown as NamedBlob
  } catch {
    throw new ArgumentError('data must not be a detached ArrayBuffer')
  }
}

/** The parts of a form for inputs. It throws for each input that can't be sent, so a mistake costs no request. */
export function encodeInputs(inputs: Inputs, arrays: string | undefined): FormPart[] {
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

/** A form of these parts. Each attempt needs its own, because a form can be sent only once. */
export function buildForm(parts: readonly FormPart[]): FormData {
  const form = new FormData()
  // `append` has a type for texts and one for files, but none for both.
  for (const part of parts) form.append(...(part as Extract<FormPart, { length: 3 }>))
  // The `fetch` of the package undici takes only its own `FormData`. It would send the `toString()` of any other object.
  form.toString = () => {
    throw new TypeError('fetch has a FormData of its own; with undici, call install()')
  }
  return form
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return !prototype || !Object.getPrototypeOf(prototype)
}

/** The part for a value. It throws a text for a value that can't be sent, or the value's own error (a getter, `toJSON`). */
function encode(name: string, value: unknown): FormPart {
  const file = isBytes(value) ? new Blob([value as BlobPart]) : value
  if (file instanceof Blob) return [name, file, filenameOf(name, file)]
  if (!isSendable(value)) throw refusal(value)
  const text =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'object'
        ? JSON.stringify(value, checkJson)
        : `${value}`
  // JSON gives nothing for an object whose `toJSON` returns `undefined`.
  if (text === undefined) throw refusal(text)
  return [name, text]
}

/** Whether a value that is no file keeps its meaning as text or JSON. */
function isSendable(value: unknown): unknown {
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value)
  if (typeof value === 'number') return Number.isFinite(value)
  if (value instanceof Date) return Number.isFinite(+value)
  return typeof value === 'object' ? value && isPlainObject(value) : /^b/.test(typeof value)
}

const refusal = (value: unknown): string =>
  `can't be sent as ${(value as object | null)?.constructor?.name ?? value}: pass valid text, a finite number, a boolean, a valid date, a plain object or a file`

/** A replacer for JSON. It throws for a value that JSON would drop or change without an error. */
function checkJson(this: Record<string, unknown>, key: string, value: unknown): unknown {
  // JSON makes `null` of an invalid date, so the date itself is checked.
  const given = value ?? this[key]
  if (given == null || typeof value === 'string' || Array.isArray(value) || isSendable(given)) return value
  throw `(${key}) ${refusal(given)}`
}

/** The extensions of MIME subtypes that are no extensions themselves. */
const extensions: Readonly<Record<string, string>> = {
  jpeg: 'jpg',
  plain: 'txt',
  quicktime: 'mov',
  matroska: 'mkv',
  msvideo: 'avi',
}

/**
 * The name of a file. Each file gets a name with an extension, because servers drop files without names, and read the kind of
 * a file from its extension.
 */
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
