import { FlowScaleError } from '../errors.ts'

/**
 * A file could not be written to its end, or not be given its name. Nothing is left of it. `cause` is the system's
 * own error.
 */
export class FileError extends FlowScaleError {
  override get name(): 'FileError' {
    return 'FileError'
  }
  declare readonly code: 'ERR_FLOWSCALE_FILE'
  /** As it was given, with the name of the output where that is a folder. */
  declare readonly path: string
}
