/** The exit codes that programs can act on. */
export const exitCodes = {
  failed: 1,
  usage: 2,
  /** Nothing was submitted. */
  tryAgain: 3,
  notFound: 4,
  notAuthorised: 5,
  maybeSubmitted: 6,
  timedOut: 124,
  /** By Ctrl-C. */
  interrupted: 130,
  /** By SIGTERM. */
  terminated: 143,
} as const

export type Failure = Exclude<keyof typeof exitCodes, 'terminated'>

/** An error of the command itself, whose message says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly failure: Failure
  /** For programs, in addition to the message. */
  readonly fields: Readonly<Record<string, unknown>>

  constructor(failure: Failure, message: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.failure = failure
    this.fields = fields
  }
}

/** An error in the command line. */
export const usageError = (message: string, fields?: Readonly<Record<string, unknown>>): CommandError =>
  new CommandError('usage', message, fields)

/** Why the signal of a call was aborted: by Ctrl-C or SIGTERM, each of which has its own exit code. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly exitCode: number

  constructor(exitCode: number) {
    super('Interrupted')
    this.exitCode = exitCode
  }
}
