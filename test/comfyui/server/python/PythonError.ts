/** An exception as Python would raise it, for the answers that show one. */
export class PythonError extends Error {
  readonly type: string
  /** Lines of the traceback below those that each node has. */
  readonly frames: readonly string[]

  constructor(type: string, message: string, frames: readonly string[] = []) {
    super(message)
    this.type = type
    this.frames = frames
  }
}
