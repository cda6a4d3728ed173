import {
  type Draft,
  type Input,
  InputError,
  isFileKind,
  type Problem,
  type Scalar,
  type StoredFile,
  type Workflow,
} from '../../engine.ts'
import type { Part } from './multipart.ts'
import { readFileText, storeFile } from './readFile.ts'

export type Entry =
  | { readonly value: Scalar | StoredFile; readonly shown: Scalar }
  | { readonly problems: readonly Problem[] }

/** Reads one part of a form for the input that it is for. Files go to the engine at once. */
export async function readEntry(
  draft: Draft,
  { name, input }: FoundInput,
  part: Part,
  readText: (chunks: AsyncIterable<Uint8Array>) => Promise<string>,
): Promise<Entry> {
  const { name: key, file, body } = part
  const { kind } = input
  try {
    if (!isFileKind(kind)) {
      // No number and no boolean is empty: a file gets the same problem.
      const checked =
        file && kind === 'string'
          ? { msg: 'Input should be a valid string', type: 'string_type' }
          : checkText(input, file ? '' : await readText(body))
      if ('value' in checked) return { value: checked.value, shown: checked.value }
      return { problems: [{ loc: ['body', key], ...checked }] }
    }
    if (file) return await storeFile(draft, name, file, body)
    return await readFileText(draft, { name, kind, key }, body, readText)
  } catch (error) {
    if (error instanceof InputError) return { problems: error.problems }
    throw error
  }
}

interface FoundInput {
  readonly name: string
  readonly input: Input
  /** The place in the numbered form; -1 where the key is the name itself. */
  readonly index: number
}

/** The input that a key of the form is for. Arrays come as the repeated key, as `name_0`, `name_1`, or both. */
export function findInput({ inputs }: Workflow, key: string): FoundInput | undefined {
  const own = inputs.get(key)
  if (own) return { name: key, input: own, index: -1 }
  const [, name = '', digits] = /^(.+)_(\d+)$/s.exec(key) ?? []
  const input = inputs.get(name)
  return input?.array ? { name, input, index: Number(digits) } : undefined
}

type Checked = { readonly value: Scalar } | { readonly msg: string; readonly type: string }

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const MOST_SHOWN = 10

/** Decodes a text by the kind of its input, and checks it against its range and choices. */
function checkText(input: Input, text: string): Checked {
  const decoded = decode(input, text)
  if ('msg' in decoded) return decoded
  const { min, max, options } = input
  const { value } = decoded
  if (typeof value === 'number') {
    if (min !== undefined && value < min) {
      return { msg: `Input should be greater than or equal to ${min}`, type: 'greater_than_equal' }
    }
    if (max !== undefined && value > max) {
      return { msg: `Input should be less than or equal to ${max}`, type: 'less_than_equal' }
    }
  }
  if (options && !options.includes(value)) {
    return { msg: `Input should be ${list(options)}`, type: 'literal_error' }
  }
  return decoded
}

function decode({ kind, integer }: Input, text: string): Checked {
  if (kind === 'number') return decodeNumber(text.trim(), integer === true)
  // A form has CRLF for every line break.
  if (kind !== 'boolean') return { value: text.replaceAll('\r\n', '\n') }
  if (text !== 'true' && text !== 'false')
    return { msg: "Input should be 'true' or 'false'", type: 'bool_parsing' }
  return { value: text === 'true' }
}

function decodeNumber(text: string, integer: boolean): Checked {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) return { msg: 'Input should be a valid finite number', type: 'float_parsing' }
  if (integer && !Number.isInteger(value)) return { msg: 'Input should be a valid integer', type: 'int_type' }
  // Beyond these, what the engine gets would not be what was sent.
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER && (integer || /^[+-]?\d+$/.test(text))) {
    const most = Number.MAX_SAFE_INTEGER
    return { msg: `Input should be an integer from -${most} to ${most}`, type: 'int_parsing_size' }
  }
  return { value }
}

function list(options: readonly Scalar[]): string {
  if (options.length === 0) return 'left out: there is nothing to choose from'
  const shown = options
    .slice(0, MOST_SHOWN)
    .map((option) => (typeof option === 'string' ? `'${option}'` : `${option}`))
  const left = options.length - shown.length
  const last = left > 0 ? `one of ${left} more` : shown.pop()!
  return shown.length > 0 ? `${shown.join(', ')} or ${last}` : last
}
