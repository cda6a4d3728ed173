/** A row of a table: an item of a batch. */
export interface Row {
  /** From 1; the header and empty lines are not counted. */
  readonly row: number
  /** Where it begins in the file, from 1. */
  readonly line: number
  /** By the name of the input. An input that is not to be sent has no cell. */
  readonly cells: ReadonlyMap<string, unknown>
}

/** What a file of rows holds. */
export interface Table {
  readonly rows: readonly Row[]
  /** The file, for messages. */
  readonly shown: string
  /** Where a relative `@path` begins. */
  readonly folder: string
}
