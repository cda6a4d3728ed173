import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { decodeText, type ReadStdin, whyNot } from '../files.ts'
import type { Call } from '../program.ts'
import { suggest } from '../workflow.ts'

/**
 * A value of an input as it was given. `text` is of a command line, where `@path` and `-` may stand for a text, too. `json`
 * is of a file, where a text stands for itself, so that a file of prompts never reads other files by accident.
 */
export type Given = ({ readonly text: string } | { readonly json: unknown }) & {
  /** Where a relative `@path` begins. */
  readonly folder: string
}

/** The inputs of a command line. Its `name=value` words override the inputs of `--inputs`. */
export async function readGiven(
  words: readonly string[],
  { inputs }: Call['flags'],
  readStdin: ReadStdin,
): Promise<Map<string, Given[]>> {
  const pairs = readPairs(words, process.cwd())
  // Checked before stdin is read: a person might type it for nothing.
  const readers = [...pairs].flatMap(([name, all]) => all.filter(isStdin).map(() => name))
  if (inputs === '-') readers.unshift('--inputs')
  if (readers.length > 1) throw usageError(`stdin can be read once, not for ${readers.join(' and ')}.`)
  if (inputs === undefined) return pairs
  return new Map([...(await readInputsFile(inputs, readStdin)), ...pairs])
}

const isStdin = (given: Given): boolean => 'text' in given && given.text === '-'

/** Reads the `name=value` words of a command line. A name may come more than once. The error lists all wrong words. */
export function readPairs(words: readonly string[], folder: string): Map<string, Given[]> {
  const given = new Map<string, Given[]>()
  const wrong: string[] = []
  for (const word of words) {
    const end = word.indexOf('=')
    if (end < 1) {
      wrong.push(word)
      continue
    }
    const name = word.slice(0, end)
    given.set(name, [...(given.get(name) ?? []), { text: word.slice(end + 1), folder }])
  }
  if (!wrong.length) return given
  const shown = wrong.map((word) => JSON.stringify(word)).join(', ')
  const near = wrong.length === 1 ? suggest(wrong[0]!, given.keys()) : ''
  const advice = near || ' Put quotes around words with spaces.'
  throw usageError(`${shown}: an input is name=value, name=@file or name=-.${advice}`)
}

/** Reads the object of `--inputs`, from a file or from stdin (`-`). An `@path` in it is relative to the file's folder. */
export async function readInputsFile(path: string, readStdin?: ReadStdin): Promise<Map<string, Given[]>> {
  const isStdin = path === '-'
  const shown = isStdin ? '--inputs -' : `--inputs ${path}`
  let bytes: Uint8Array
  try {
    bytes = isStdin ? await readStdin!('--inputs') : await readFile(path)
  } catch (error) {
    if (isStdin) throw error
    throw usageError(`${shown}: ${whyNot(error)}.`)
  }
  const text = decodeText(bytes)
  if (text === undefined) throw usageError(`${shown} is not UTF-8 text.`)
  const folder = isStdin ? process.cwd() : dirname(resolve(path))
  const value = await parse(text, shown)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw usageError(`${shown} must hold an object, such as {"seed": 7}.`)
  return new Map(Object.entries(value).map(([name, json]): [string, Given[]] => [name, [{ json, folder }]]))
}

async function parse(text: string, shown: string): Promise<unknown> {
  // The parser is loaded only where there is JSON.
  const { JsonError, parseJson } = await import('./parseJson.ts')
  try {
    return parseJson(text)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const { line, column, message } = error
    const where = `line ${line}, column ${column}`
    throw usageError(`${shown} is not valid JSON, ${where}: ${message}.`, { line, column })
  }
}
