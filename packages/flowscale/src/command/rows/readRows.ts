import { readFile } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { usageError } from '../CommandError.ts'
import { decodeText } from '../inputs/decodeText.ts'
import type { Sources } from '../inputs/types.ts'
import { whyNot } from '../inputs/whyNot.ts'
import type { Output } from '../output.ts'
import { createProblems } from './createProblems.ts'
import { readCsv } from './readCsv.ts'
import { readJsonLines } from './readJsonLines.ts'
import type { Table } from './types.ts'

/**
 * Reads the rows of a CSV or JSONL file, or of stdin (`-`). If the name does not show the format, the first character does.
 *
 * @throws a `CommandError` that names each line that can't be read
 */
export async function readRows(
  path: string,
  stdin: NonNullable<Sources['stdin']>,
  output: Pick<Output, 'note'>,
): Promise<Table> {
  const isStdin = path === '-'
  const shown = isStdin ? 'stdin' : path
  const bytes = isStdin ? await stdin('the rows') : await readBytes(path)
  const text = decodeText(bytes)
  if (text === undefined) throw usageError(`${shown} is not UTF-8 text: save it as "CSV UTF-8".`)
  const problems = createProblems(shown, output)
  const rows = isJson(path, text) ? await readJsonLines(text, problems) : readCsv(text, problems)
  problems.check()
  if (!rows.length) throw usageError(`${shown} has no rows.`)
  return { rows, shown, folder: isStdin ? process.cwd() : dirname(resolve(path)) }
}

function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error) => {
    throw usageError(`${path}: ${whyNot(error)}.`)
  })
}

function isJson(path: string, text: string): boolean {
  const extension = extname(path).toLowerCase()
  if (extension === '.csv') return false
  return ['.jsonl', '.ndjson', '.json'].includes(extension) || /^\s*[{[]/.test(text)
}
