import { usageError } from '../errors.ts'
import type { Printer } from '../terminal/printer.ts'

/** Collects the problems of a file of rows, to report all of them at once. */
export interface Problems {
  add(message: string): void
  /** @throws a `CommandError` where anything was added */
  check(): void
}

/** So many are shown: the others are mostly of the same kind. */
const most = 10

/** People see a line for each before the error; programs find them in its field `problems`. */
export function createProblems(shown: string, { note }: Pick<Printer, 'note'>): Problems {
  const problems: string[] = []
  let count = 0
  return {
    add(message) {
      if (++count <= most) problems.push(/[.?]$/.test(message) ? message : `${message}.`)
    },
    check() {
      if (!count) return
      if (count === 1) {
        throw usageError(`${shown}, ${problems[0]} Nothing was submitted.`, { problems })
      }
      for (const problem of problems) note(`  ${problem}`)
      if (count > most) note(`  … and ${count - most} more.`)
      throw usageError(`${shown} has ${count} errors. Nothing was submitted.`, { problems })
    },
  }
}
