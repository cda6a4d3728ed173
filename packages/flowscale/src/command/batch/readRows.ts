import { readFile } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { parse } from 'csv-parse/sync'
import { usageError } from '../errors.ts'
import { decodeText, type ReadStdin, whyNot } from '../files.ts'
import type { Printer } from '../terminal/printer.ts'

/** A row of a table: an item of a batch. */
export interface Row {
  /** From 1; the header and empty lines are not counted. */
  readonly row: number
  /** Where it begins in the file, from 1. */
  readonly line: number
  /** By the name of the input. An input that is not to be sent has no cell. */
  readonly cells: ReadonlyMap<string, unknown>
}

/** What a file of rows holds. */
export interface Table {
  readonly rows: readonly Row[]
  /** The name of the file, for messages. */
  readonly name: string
  /** Where a relative `@path` begins. */
  readonly folder: string
}

/**
 * Reads the rows of a CSV or JSONL file, or of stdin (`-`). If the name does not show the format, the first character does.
 *
 * @throws a `CommandError` that names each line that can't be read
 */
export async function readRows(
  path: string,
  readStdin: ReadStdin,
  print: Pick<Printer, 'note'>,
): Promise<Table> {
  const isStdin = path === '-'
  const name = isStdin ? 'stdin' : path
  const bytes = isStdin ? await readStdin('the rows') : await readBytes(path)
  const text = decodeText(bytes)
  if (text === undefined) throw usageError(`${name} is not UTF-8 text: save it as "CSV UTF-8".`)
  const problems = createProblems(name, print)
  const rows = isJson(path, text) ? await readJsonLines(text, problems) : readCsv(text, problems)
  problems.check()
  if (!rows.length) throw usageError(`${name} has no rows.`)
  return { rows, name, folder: isStdin ? process.cwd() : dirname(resolve(path)) }
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

/**
 * Reads a table whose first row names the inputs. An empty cell is an input that is not sent, a row of empty cells is no
 * row, and a line break in a cell is `\n`.
 */
function readCsv(text: string, problems: Problems): Row[] {
  // The parser takes the two characters of Windows for two lines, and the lines must be counted.
  const lines = text.replace(/\r\n?/g, '\n')
  const [first] = lines.split('\n', 1)
  // Checked before the cells are read, because the parser would call their quotes wrong.
  if (!first!.includes(',') && /[;\t]/.test(first!)) {
    problems.add(`the columns of the header ${JSON.stringify(first)} must be separated by commas`)
    return []
  }
  const [header, ...records] = parseRecords(lines, problems)
  if (!header) return []
  const names = header.record.map((name) => name.trim())
  for (const [index, name] of names.entries()) {
    if (name && names.indexOf(name) < index) problems.add(`line 1: the column "${name}" comes twice`, name)
  }
  const nameless = new Set<number>()
  const rows: Row[] = []
  for (const { record, info } of records) {
    if (record.every((cell) => !cell.trim())) continue
    const line = info.lines - record.join('').split('\n').length + 1
    const row = rows.length + 1
    if (record.length !== names.length) {
      problems.add(
        `row ${row} (line ${line}) has ${count(record.length, 'cell')}, but the header has ${names.length}`,
      )
    }
    const cells = new Map<string, string>()
    for (const [index, cell] of record.entries()) {
      if (cell && names[index]) cells.set(names[index], cell)
      else if (cell && index < names.length) nameless.add(index)
    }
    rows.push({ row, line, cells })
  }
  for (const index of nameless) problems.add(`line 1: column ${index + 1} has cells, but no name`)
  return rows
}

interface CsvRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

interface CsvFailure {
  readonly code?: string
  /** Up to the end of the last row that could be read. */
  readonly bytes?: number
  readonly message: string
}

/** Errors of the parser, in the words of this command. */
const complaints: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'the row that begins here opens a quote, and nothing closes it',
  CSV_INVALID_CLOSING_QUOTE: 'text stands after a closing quote; a quote in a cell is written twice: ""',
  INVALID_OPENING_QUOTE: 'a quote stands in a cell that is not in quotes; write the cell as "… "" …"',
}

function parseRecords(text: string, problems: Problems): CsvRecord[] {
  try {
    const options = { info: true, skip_empty_lines: true, relax_column_count: true, record_delimiter: '\n' }
    return parse(text, options) as unknown as CsvRecord[]
  } catch (error) {
    const { code = '', bytes = 0, message } = error as CsvFailure
    // The line of the error may be that of the end of the file, so the line after the last good row is counted.
    const before = Buffer.from(text).subarray(0, bytes).toString()
    const emptyLines = /^\n*/.exec(text.slice(before.length))
    const line = `${before}${emptyLines}`.split('\n').length
    problems.add(`line ${line}: ${complaints[code] ?? message}`)
    return []
  }
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`

/** Reads an object a line; empty lines are skipped. `null` is an input that is not sent. */
async function readJsonLines(text: string, problems: Problems): Promise<Row[]> {
  // The parser is loaded only where there is JSON.
  const { JsonError, parseJson } = await import('../inputs/parseJson.ts')
  const rows: Row[] = []
  for (const [index, source] of text.split(/\r\n|\n|\r/).entries()) {
    if (!source.trim()) continue
    const line = index + 1
    let value: unknown = {}
    try {
      value = parseJson(source)
    } catch (error) {
      if (!(error instanceof JsonError)) throw error
      problems.add(`line ${line}, column ${error.column}: ${error.message}`)
    }
    const isRow = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isRow) problems.add(`line ${line} must hold an object, such as {"seed": 7}`)
    const cells = new Map(Object.entries(isRow ? (value as object) : {}).filter(([, cell]) => cell !== null))
    rows.push({ row: rows.length + 1, line, cells })
  }
  return rows
}

/** Collects the problems of a file of rows, to report all of them at once. */
export interface Problems {
  /** `input` names the input where there is one, and `where` its row. */
  add(message: string, input?: string | null, where?: string): void
  /** @throws a `CommandError` where anything was added */
  check(): void
}

/** People see at most this many problems: the others are mostly of the same kind. */
const mostShown = 10

/** People see a line for each before the error; programs find them in its field `problems`. */
export function createProblems(name: string, { note }: Pick<Printer, 'note'>): Problems {
  const lines: string[] = []
  const problems: { input: string | null; message: string }[] = []
  return {
    add(message, input = null, where) {
      const text = where === undefined ? message : `${where}, ${input}: ${message}`
      lines.push(/[.?]$/.test(text) ? text : `${text}.`)
      problems.push({ input, message: where === undefined ? message : `${where}: ${message}` })
    },
    check() {
      const count = problems.length
      if (!count) return
      if (count === 1) throw usageError(`${name}, ${lines[0]} Nothing was submitted.`, { problems })
      for (const line of lines.slice(0, mostShown)) note(`  ${line}`)
      if (count > mostShown) note(`  … and ${count - mostShown} more.`)
      throw usageError(`${name} has ${count} errors. Nothing was submitted.`, { problems })
    },
  }
}
