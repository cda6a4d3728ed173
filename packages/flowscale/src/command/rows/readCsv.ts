import { parse } from 'csv-parse/sync'
import type { Problems } from './createProblems.ts'
import type { Row } from './types.ts'

interface CsvRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

interface CsvFailure {
  readonly code?: string
  /** Up to the last row that could be read. */
  readonly bytes?: number
  readonly message: string
}

/** In the words of this command. */
const complaints: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'the row that begins here opens a quote, and nothing closes it',
  CSV_INVALID_CLOSING_QUOTE: 'text stands after a closing quote; a quote in a cell is written twice: ""',
  INVALID_OPENING_QUOTE: 'a quote stands in a cell that is not in quotes; write the cell as "… "" …"',
}

/**
 * Reads a table whose first row names the inputs. An empty cell is an input that is not sent, a row of empty cells is no
 * row, and a line break in a cell is `\n`.
 */
export function readCsv(text: string, problems: Problems): Row[] {
  // So that lines can be counted: the parser takes the two characters of Windows for two lines.
  const lines = text.replace(/\r\n?/g, '\n')
  const [first] = lines.split('\n', 1)
  // Before the cells are read, whose quotes would be told to be wrong.
  if (/^[^,]*[;\t][^,]*$/.test(first!)) {
    problems.add(`the columns of the header ${JSON.stringify(first)} must be separated by commas`)
    return []
  }
  const [header, ...records] = parseRecords(lines, problems)
  if (!header) return []
  const names = header.record.map((name) => name.trim())
  for (const [index, name] of names.entries()) {
    if (name && names.indexOf(name) < index) problems.add(`line 1: the column "${name}" comes twice`)
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

function parseRecords(text: string, problems: Problems): CsvRecord[] {
  try {
    const options = { info: true, skip_empty_lines: true, relax_column_count: true, record_delimiter: '\n' }
    return parse(text, options) as unknown as CsvRecord[]
  } catch (error) {
    const { code = '', bytes = 0, message } = error as CsvFailure
    // The parser tells where it stopped, which may be the end of the file.
    const read = Buffer.from(text).subarray(0, bytes).toString()
    const rest = text.slice(read.length)
    const line = `${read}${/^\n*/.exec(rest)}`.split('\n').length
    problems.add(`line ${line}: ${complaints[code] ?? message}`)
    return []
  }
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
