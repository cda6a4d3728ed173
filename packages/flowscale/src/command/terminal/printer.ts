import { clean, cleanJson, cleanLine, cleanLines } from '../clean.ts'
import { writeLines } from '../statusLine.ts'
import { terminal } from '../terminal.ts'

/** The output of a verb. Stdout is for results, stderr for everything else. */
export interface Output {
  readonly isJson: boolean
  /** An event: a line of JSON for programs, nothing for people. */
  event(name: string, fields: object): void
  /** The result, which comes last: JSON for programs, `text` for people. */
  result(value: unknown, text: string): void
  /** A line for people, on stderr. Programs get none. */
  note(line: string): void
  /** An error, for programs or people. */
  error(fields: object, message: string): void
}

/** JSON stays exact. Everything is cleaned, because parts may come from the server. */
export function createOutput(isJson: boolean): Output {
  const print = (value: unknown) => writeLines(process.stdout, `${cleanJson(JSON.stringify(value))}\n`)
  return {
    isJson,
    event(name, fields) {
      if (isJson) print({ event: name, ...fields })
    },
    result(value, text) {
      if (isJson) print(value)
      else if (text) writeLines(process.stdout, `${cleanLines(text.replace(/\n$/, ''))}\n`)
    },
    note(line) {
      if (!isJson) writeLines(process.stderr, `${cleanLine(line)}\n`)
    },
    error(fields, message) {
      if (isJson) return print({ error: fields })
      const { colors } = terminal(process.stderr)
      writeLines(process.stderr, `${colors.red('flowscale:')} ${clean(message)}\n`)
    },
  }
}
