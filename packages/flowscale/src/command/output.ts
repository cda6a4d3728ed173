import { terminal } from './terminal.ts'

/** Where a verb says what it found. Stdout is for results; stderr for the rest. */
export interface Output {
  readonly isJson: boolean
  /** What happens over time: a line of JSON for programs, nothing for people. */
  event(name: string, fields: object): void
  /** The result, which comes last: JSON for programs, `text` for people. */
  result(value: unknown, text: string): void
  /** A line for people, on stderr. Programs get none. */
  note(line: string): void
  /** An error, as programs or people are told of it. */
  error(fields: object, message: string): void
}

export function createOutput(isJson: boolean): Output {
  const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`)
  return {
    isJson,
    event(name, fields) {
      if (isJson) print({ event: name, ...fields })
    },
    result(value, text) {
      if (isJson) print(value)
      else if (text) process.stdout.write(`${text.replace(/\n$/, '')}\n`)
    },
    note(line) {
      if (!isJson) process.stderr.write(`${line}\n`)
    },
    error(fields, message) {
      if (isJson) return print({ error: fields })
      const { colors } = terminal(process.stderr)
      process.stderr.write(`${colors.red('flowscale:')} ${message}\n`)
    },
  }
}
