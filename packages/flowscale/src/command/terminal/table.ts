import cliTruncate from 'cli-truncate'
import stringWidth from 'string-width'
import { clean, terminal } from './printer.ts'

const gap = 2
/** The narrowest width of a cut column, which still shows its subject. */
const least = 10

/**
 * Rows under their heads, without empty columns. In a window each row is one line: the widest columns are cut, but never
 * the first one, which users copy. Without a window nothing is cut.
 */
export function table(allHeads: readonly string[], allRows: readonly (readonly unknown[])[]): string {
  const isUsed = (_: unknown, column: number) =>
    !allRows.length || allRows.some((row) => (row[column] ?? '') !== '')
  const heads = allHeads.filter(isUsed)
  const rows = allRows.map((row) => allHeads.map((_, column) => row[column]).filter(isUsed))
  const { isTTY, width, hasUnicode, colors } = terminal(process.stdout)
  const cells = [heads, ...rows].map((row) => row.map((cell) => clean(`${cell ?? ''}`)))
  const needed = heads.map((_, column) => Math.max(...cells.map((row) => stringWidth(row[column] ?? ''))))
  const widths = isTTY ? shrink(needed, width - gap * (heads.length - 1)) : needed
  const end = hasUnicode ? '…' : '...'
  const lines = cells.map((row) =>
    widths
      .map((most, column) => {
        const cell = cliTruncate(row[column] ?? '', most, { truncationCharacter: end })
        return cell + ' '.repeat(most - stringWidth(cell))
      })
      .join(' '.repeat(gap))
      .trimEnd(),
  )
  return lines.map((line, index) => (index ? line : colors.dim(line))).join('\n')
}

/** Takes from the widest column until all fit. */
function shrink(needed: readonly number[], room: number): number[] {
  const widths = [...needed]
  let excess = widths.reduce((sum, width) => sum + width, 0) - room
  while (excess > 0) {
    const widest = Math.max(...widths.slice(1))
    if (widest <= least) break
    widths[1 + widths.slice(1).lastIndexOf(widest)]! -= 1
    excess -= 1
  }
  return widths
}
