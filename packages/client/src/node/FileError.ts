import { FlowScaleError } from '../errors.ts'

/**
 * A file could not be written completely, or could not get its name. The unfinished file was removed. `cause` is the
 * system's error.
 */
export class FileError extends FlowScaleError {
  override get name(): 'FileError' {
    return 'FileError'
  }
  declare readonly code: 'ERR_FLOWSCALE_FILE'
  /** The path that you gave. For a folder it includes the name of the output. */
  declare readonly path: string
}
