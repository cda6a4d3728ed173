import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { usageError } from '../CommandError.ts'
import { decodeText } from './decodeText.ts'
import type { Given, Sources } from './types.ts'
import { whyNot } from './whyNot.ts'

/** Reads the object of `--inputs`, from a file or from stdin (`-`). An `@path` in it is relative to the file's folder. */
export async function readInputsFile(path: string, { stdin }: Sources): Promise<Map<string, Given[]>> {
  const isStdin = path === '-'
  const shown = isStdin ? '--inputs -' : `--inputs ${path}`
  let bytes: Uint8Array
  try {
    bytes = isStdin ? await stdin!('--inputs') : await readFile(path)
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
