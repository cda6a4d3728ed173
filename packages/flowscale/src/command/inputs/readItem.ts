import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type InputItem, isFlowScaleError, type NamedBlob, toFile } from '@flowscale/client'
import { fileInput } from '@flowscale/client/node'
import { decodeText, type ReadStdin, whyNot } from '../files.ts'
import { type InputSpec, suggest } from '../workflow.ts'
import type { Given } from './readGiven.ts'

/** A value as it is sent, or what is wrong with it. */
export type ReadValue = InputItem | Wrong

interface Wrong {
  readonly wrong: string
}

const yes = /^(?:true|yes|1)$/i
const no = /^(?:false|no|0)$/i

/** Reads one value of an input, of the kind that the workflow wants. */
export async function readItem(
  name: string,
  given: Given,
  spec: InputSpec,
  readStdin?: ReadStdin,
): Promise<ReadValue> {
  const value = 'text' in given ? given.text : given.json
  if (value === null) return { wrong: 'is null; leave it out' }
  switch (spec.kind) {
    case 'number':
      return pick(readNumber(value, spec), spec)
    case 'boolean':
      return readBoolean(value)
    case 'string':
      if (typeof value !== 'string') return { wrong: `must be a string: put ${show(value)} in quotes` }
      return pick('text' in given ? await readText(name, value, given.folder, readStdin) : value, spec)
    case 'unknown':
      return readUnknown(name, value, given, readStdin)
    default:
      return readFileOrUrl(name, value, given, spec.kind, readStdin)
  }
}

/** A number of a text or of JSON, within the server's limits. */
function readNumber(given: unknown, spec: InputSpec): number | bigint | Wrong {
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
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined
  const value = Number(text)
  if (!/^[+-]?\d+$/.test(text) || Number.isSafeInteger(value)) return value
  return BigInt(text.replace('+', ''))
}

function rangeOf(min: number | undefined, max: number | undefined): string {
  if (min === undefined) return `at most ${max}`
  return max === undefined ? `at least ${min}` : `from ${min} to ${max}`
}

function readBoolean(value: unknown): ReadValue {
  if (typeof value === 'boolean') return value
  const text = typeof value === 'string' || typeof value === 'number' ? `${value}`.trim() : ''
  if (yes.test(text)) return true
  return no.test(text) ? false : { wrong: `must be true or false, not ${show(value)}` }
}

/** The same value if it is one of the choices. */
function pick(item: ReadValue, { options }: InputSpec): ReadValue {
  if (!options || typeof Object(item).wrong === 'string') return item
  if (options.some((option) => `${option}` === `${item}`)) return item
  const shown = options.slice(0, 12).map(show).join(', ')
  const more = options.length > 12 ? `, … (${options.length} in all)` : ''
  return {
    wrong: `must be one of ${shown}${more}; not ${show(item)}.${suggest(`${item}`, options.map(String))}`,
  }
}

/** A text of a command line: the word itself, the content of `@file`, or stdin (`-`). `@@…` is a text that begins with `@`. */
async function readText(
  name: string,
  text: string,
  folder: string,
  readStdin?: ReadStdin,
): Promise<string | Wrong> {
  if (text.startsWith('@@')) return text.slice(1)
  if (text === '-')
    return readStdin ? decode(await readStdin(name), 'stdin') : { wrong: 'stdin is not read here' }
  if (!text.startsWith('@')) return text
  const path = text.slice(1)
  try {
    return decode(await readFile(resolve(folder, path || '.')), text)
  } catch (error) {
    return { wrong: `${text}: ${whyNot(error)}. A text that begins with @ is written @${text}` }
  }
}

/** The line break that editors and `echo` put at the end is no part of the text. */
function decode(bytes: Uint8Array, shown: string): string | Wrong {
  const text = decodeText(bytes)
  return text === undefined ? { wrong: `${shown} is not UTF-8 text` } : text.replace(/\r?\n$/, '')
}

function readFileOrUrl(
  name: string,
  value: unknown,
  given: Given,
  kind: string,
  readStdin?: ReadStdin,
): Promise<ReadValue> | ReadValue {
  const article = /^[aeiou]/.test(kind) ? 'an' : 'a'
  if (typeof value !== 'string') return { wrong: `must be ${article} ${kind}: "@path", or a URL` }
  if (value.startsWith('@')) return openFile(value.slice(1), given.folder)
  if (value === '-') return readStdinAsFile(name, readStdin)
  if (/^(?:https?|data):/i.test(value)) return value
  const advice = value ? `to send the file ${show(value)}, write ${name}=@${value}` : `write ${name}=@path`
  return { wrong: `must be ${article} ${kind}; ${advice}, or give an http(s) or data URL` }
}

/** If the kind is unknown, a word is a file only if it is marked as one. All other words are sent as they are written. */
function readUnknown(
  name: string,
  value: unknown,
  given: Given,
  readStdin?: ReadStdin,
): Promise<ReadValue> | ReadValue {
  if (typeof value === 'object')
    return Array.isArray(value) ? { wrong: 'is a list in a list' } : toJson(value as object)
  if (typeof value !== 'string') return value as InputItem
  if (value.startsWith('@@')) return value.slice(1)
  if (value.startsWith('@')) return openFile(value.slice(1), given.folder)
  return value === '-' && 'text' in given ? readStdinAsFile(name, readStdin) : value
}

/** The text of an object. A large whole number keeps its digits: JSON has no limit for them, `JSON.stringify` has. */
const toJson = (value: object): string =>
  JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `\u0000${item}\u0000` : item)).replace(
    /"\\u0000(-?\d+)\\u0000"/g,
    '$1',
  )

/** A file of the disk. It is sent as a stream. */
async function openFile(path: string, folder: string): Promise<NamedBlob | Wrong> {
  if (!path) return { wrong: 'the name of the file is missing after @' }
  if (path === '-') return { wrong: 'write - for stdin, not @-' }
  const full = resolve(folder, path)
  try {
    const file = await fileInput(full)
    return file.size ? (file as unknown as NamedBlob) : { wrong: `@${path} is empty` }
  } catch (error) {
    if (!isFlowScaleError(error)) return { wrong: `@${path}: ${whyNot(error)}` }
    // The message names the path as you wrote it, not as it was resolved.
    return { wrong: error.message.replace(/^path: /, '').replace(full, `@${path}`) }
  }
}

/** Stdin as a file. Its name and type come from its first bytes. */
async function readStdinAsFile(name: string, readStdin?: ReadStdin): Promise<NamedBlob | Wrong> {
  if (!readStdin) return { wrong: '- stands for stdin, which is not read here' }
  const bytes = await readStdin(name)
  if (!bytes.length) return { wrong: 'stdin was empty' }
  const type = sniffType(bytes)
  const extension = type.replace(/.*\//, '').replace('jpeg', 'jpg').replace('quicktime', 'mov')
  const own = type === 'audio/mpeg' ? 'mp3' : extension || 'bin'
  return toFile(bytes, `stdin.${own}`, { type })
}

/** The first bytes of files, as Latin-1, and their types. */
const beginnings: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8/, 'image/gif'],
  [/^RIFF.{4}WEBP/s, 'image/webp'],
  [/^RIFF.{4}WAVE/s, 'audio/wav'],
  [/^.{4}ftypM4A/s, 'audio/mp4'],
  [/^.{4}ftypavif/s, 'image/avif'],
  [/^.{4}ftypqt/s, 'video/quicktime'],
  [/^.{4}ftyp/s, 'video/mp4'],
  [/^\x1a\x45\xdf\xa3/, 'video/webm'],
  [/^(?:ID3|\xff[\xfb\xf3\xf2])/, 'audio/mpeg'],
  [/^fLaC/, 'audio/flac'],
  [/^OggS/, 'audio/ogg'],
]

/** The type of a file without a name, by its first bytes; `''` if it is not known. */
function sniffType(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 16))
  return beginnings.find(([pattern]) => pattern.test(start))?.[1] ?? ''
}

const show = (value: unknown): string => {
  const text = typeof value === 'bigint' ? `${value}` : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
