import { usageError } from '../CommandError.ts'

/** What is wrong with a file, gathered so that all of it is told at once. */
export interface Problems {
  add(message: string): void
  /** @throws what was added, as one error; nothing where nothing was */
  check(): void
}

/** So many are shown: the others are mostly of the same kind. */
const most = 10

export function createProblems(shown: string): Problems {
  const first: string[] = []
  let count = 0
  return {
    add(message) {
      if (++count <= most) first.push(message)
    },
    check() {
      if (!count) return
      if (count === 1) throw usageError(`${shown}: ${end(first[0]!)} Nothing was submitted.`)
      const lines = first.map((message) => `  ${end(message)}`)
      if (count > most) lines.push(`  … and ${count - most} more.`)
      throw usageError(`${shown} has ${count} errors, and nothing was submitted:\n${lines.join('\n')}`)
    },
  }
}

const end = (message: string): string => (/[.?]$/.test(message) ? message : `${message}.`)
