import { terminal } from '../terminal/printer.ts'
import { createProgress } from '../terminal/progress.ts'

/** How far a batch is, for the bar and the summary. */
export interface Tally {
  done: number
  failed: number
  /** Runs that go on, and results that are being saved. */
  running: number
}

/** The bar takes a third of the window, and at most so many columns. */
const widest = 30

/** Counts, and shows the counts as a bar. */
export function createTally(rows: number): { tally: Tally; show(): void; stop(): void } {
  const progress = createProgress()
  const tally: Tally = { done: 0, failed: 0, running: 0 }
  return {
    tally,
    show() {
      const { width, hasUnicode } = terminal(process.stderr)
      const length = Math.max(3, Math.min(widest, Math.floor(width / 3)))
      progress.show(barText(tally, rows, length, hasUnicode))
    },
    stop: progress.stop,
  }
}

/** As `[███░░░] 120/300, 2 failed, 4 running`. */
export function barText(
  { done, failed, running }: Tally,
  rows: number,
  length: number,
  hasUnicode: boolean,
): string {
  const ended = done + failed
  const full = Math.floor((ended / rows) * length)
  const [block, rest] = hasUnicode ? ['█', '░'] : ['#', '.']
  const bar = block.repeat(full) + rest.repeat(length - full)
  return [`[${bar}] ${ended}/${rows}`, failed && `${failed} failed`, running && `${running} running`]
    .filter(Boolean)
    .join(', ')
}
