import type { Problems } from './createProblems.ts'
import type { Row } from './types.ts'

/** Reads an object a line; empty lines are skipped. `null` is an input that is not sent. */
export async function readJsonLines(text: string, problems: Problems): Promise<Row[]> {
  // The parser is loaded only where there is JSON.
  const { JsonError, parseJson } = await import('../inputs/parseJson.ts')
  const read = (source: string, line: number): unknown => {
    try {
      return parseJson(source)
    } catch (error) {
      if (!(error instanceof JsonError)) throw error
      problems.add(`line ${line}, column ${error.column}: ${error.message}`)
      return undefined
    }
  }
  const rows: Row[] = []
  for (const [index, source] of text.split(/\r\n|\n|\r/).entries()) {
    if (!source.trim()) continue
    const line = index + 1
    const value = read(source, line)
    const isRow = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isRow && value !== undefined) {
      problems.add(`line ${line} must hold an object, such as {"seed": 7}`)
    }
    const cells = new Map(Object.entries(isRow ? value : {}).filter(([, cell]) => cell !== null))
    rows.push({ row: rows.length + 1, line, cells })
  }
  return rows
}
