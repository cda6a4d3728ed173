import cliTruncate from 'cli-truncate'
import stringWidth from 'string-width'
import { terminal } from './terminal.ts'

const gap = 2

/** Rows under their heads; in a window the last column is cut so that each row is one line. */
export function table(heads: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const { isTTY, width, colors } = terminal(process.stdout)
  const cells = [heads, ...rows].map((row) => row.map((cell) => `${cell ?? ''}`.replace(/\s+/g, ' ')))
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => stringWidth(row[column] ?? ''))))
  const lines = cells.map((row, index) => {
    const line = row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - stringWidth(cell) + gap))
      .join('')
      .trimEnd()
    const cut = isTTY ? cliTruncate(line, width) : line
    return index ? cut : colors.dim(cut)
  })
  return lines.join('\n')
}
