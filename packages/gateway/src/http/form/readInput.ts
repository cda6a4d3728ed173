// Reads the value of one input.
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
import { readFile } from './readFile.ts'
import { checkJson } from './readJson.ts'

/** A value for the engine, and the same value as callers see it; or the mistakes in it. */
export type FormValue =
  | { readonly value: Scalar | StoredFile; readonly publicValue: Scalar }
  | { readonly problems: readonly Problem[] }

interface FoundInput {
  readonly name: string
  readonly input: Input
  /** The number in a key such as `name_0`; -1 if the key is the name itself. */
  readonly index: number
}

/** The input that a key of the form is for. Arrays come as the repeated key, as `name_0`, `name_1`, or both. */
export function findInput(workflow: Workflow, key: string): FoundInput | undefined {
  const exact = findNamed(workflow, key)
  if (exact) return { ...exact, index: -1 }
  const [, name = '', digits] = /^(.+)_(\d+)$/s.exec(key) ?? []
  const found = findNamed(workflow, name)
  return found?.input.array ? { ...found, index: Number(digits) } : undefined
}

function findNamed({ inputs }: Workflow, key: string): Pick<FoundInput, 'name' | 'input'> | undefined {
  const input = inputs.get(key)
  if (input) return { name: key, input }
  const [name, other] = [...inputs].find(([, { aliases }]) => aliases?.includes(key)) ?? []
  return name !== undefined && other ? { name, input: other } : undefined
}

/** Reads a part of a form for its input. Files go to the engine at once. */
export async function readEntry(
  draft: Draft,
  { name, input }: FoundInput,
  part: Part,
  readText: (chunks: AsyncIterable<Uint8Array>) => Promise<string>,
): Promise<FormValue> {
  const { name: key, file, body, json } = part
  const { kind } = input
  const wrong = json && checkJson(input, json)
  const item = input.array && json?.index !== undefined ? [json.index] : []
  if (wrong) return { problems: [{ loc: ['body', key, ...item], ...wrong }] }
  try {
    if (isFileKind(kind)) return await readFile(draft, { name, kind }, part, readText)
    // As a number or a boolean, a file gets the problem of an empty text.
    const checked =
      file && kind === 'string'
        ? { msg: 'Input should be a valid string', type: 'string_type' }
        : checkText(input, file ? '' : await readText(body), json !== undefined)
    if ('value' in checked) return { value: checked.value, publicValue: checked.value }
    return { problems: [{ loc: ['body', key], ...checked }] }
  } catch (error) {
    if (error instanceof InputError) return { problems: error.problems }
    throw error
  }
}

type Checked = { readonly value: Scalar } | { readonly msg: string; readonly type: string }

/** Decodes a text by the kind of its input, and checks it against its range and choices. */
function checkText(input: Input, text: string, isJson: boolean): Checked {
  const decoded = decode(input, text, isJson)
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

function decode({ kind, integer }: Input, text: string, isJson: boolean): Checked {
  if (kind === 'number') return decodeNumber(text.trim(), integer === true)
  // A form has CRLF for every line break.
  if (kind !== 'boolean') return { value: isJson ? text : text.replaceAll('\r\n', '\n') }
  if (text !== 'true' && text !== 'false') {
    return { msg: "Input should be 'true' or 'false'", type: 'bool_parsing' }
  }
  return { value: text === 'true' }
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
const LONGEST_NUMBER = 400

function decodeNumber(text: string, integer: boolean): Checked {
  const value = text.length <= LONGEST_NUMBER && NUMBER.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) return { msg: 'Input should be a valid finite number', type: 'float_parsing' }
  if (integer && !Number.isInteger(value)) return { msg: 'Input should be a valid integer', type: 'int_type' }
  // A larger integer would reach the engine as another number.
  const most = Number.MAX_SAFE_INTEGER
  if (Math.abs(value) > most && (integer || /^[+-]?\d+$/.test(text))) {
    return { msg: `Input should be an integer from -${most} to ${most}`, type: 'int_parsing_size' }
  }
  return { value }
}

const MOST_LISTED = 10

function list(options: readonly Scalar[]): string {
  if (options.length === 0) return 'left out: there is nothing to choose from'
  const words = options.map((option) => (typeof option === 'string' ? `'${option}'` : `${option}`))
  const listed = words.slice(0, MOST_LISTED)
  const last = words.length > MOST_LISTED ? `one of ${words.length - MOST_LISTED} more` : listed.pop()!
  return listed.length > 0 ? `${listed.join(', ')} or ${last}` : last
}
