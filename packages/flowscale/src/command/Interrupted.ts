/** The reason of the signal of a {@link Call}. A verb may throw one of its own that says how to go on. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly exitCode: number
  /** Shown to programs, beside the message. */
  readonly fields: Readonly<Record<string, unknown>>

  constructor(exitCode: number, message = 'Interrupted', fields: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.exitCode = exitCode
    this.fields = fields
  }
}
