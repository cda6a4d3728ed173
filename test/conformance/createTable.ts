import type { Dialect } from './types.ts'

/** What cases ran on. */
export interface Column {
  readonly head: string
  readonly dialect: Dialect
}

export interface Table {
  count(operation: string, column: Column): void
  /** Prints a row an operation, and gives those that some column has none of. */
  print(operations: readonly string[], say: (line: string) => void): string[]
}

/** How many cases passed, by operation and by what they ran on. */
export function createTable(columns: readonly Column[]): Table {
  const ran = new Map<string, number>()
  const keyOf = (operation: string, { head, dialect }: Column) => `${operation} ${head} ${dialect}`
  const width = Math.max(9, ...columns.map(({ head }) => head.length + 2))
  return {
    count(operation, column) {
      const key = keyOf(operation, column)
      ran.set(key, (ran.get(key) ?? 0) + 1)
    },
    print(operations, say) {
      const line = (first: string, cells: readonly (string | number)[]) =>
        say(`${first.padEnd(22)}${cells.map((cell) => String(cell).padStart(width)).join('')}`)
      line(
        'cases passed',
        columns.map(({ head }) => head),
      )
      line(
        '',
        columns.map(({ dialect }) => dialect),
      )
      const empty: string[] = []
      for (const operation of operations) {
        const counts = columns.map((column) => ran.get(keyOf(operation, column)) ?? 0)
        line(operation, counts)
        if (counts.includes(0)) empty.push(operation)
      }
      return empty
    },
  }
}
