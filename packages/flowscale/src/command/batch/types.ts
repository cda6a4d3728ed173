/** What identifies a batch: the file `batch.json`, which is there before the first submission. */
export interface BatchFile {
  readonly version: 1
  readonly batchId: string
  readonly workflowId: string
  /** The address of the server. */
  readonly url: string
  /** The number of rows. */
  readonly rows: number
  /** The SHA-256 of the inputs of each row, in hex. */
  readonly hashes: readonly string[]
}

/** A line of `runs.jsonl`: a row's latest counts. */
export interface RunLine {
  readonly row: number
  /** From 1: a row whose run failed may run again, in another group. */
  readonly attempt: number
  /** Left out where the attempt begins. */
  readonly runId?: string
}

/** A file that was saved. */
export interface SavedFile {
  /** As the server names it. */
  readonly filename: string
  /** In the batch's folder. */
  readonly path: string
  readonly bytes: number
}

/** A line of `results.jsonl`. */
export interface ResultLine {
  readonly row: number
  /**
   * `failed`: the run ended without a result. `unfinished`: it could not be submitted, waited for or saved; the next start
   * goes on with it.
   */
  readonly status: 'completed' | 'failed' | 'unfinished'
  readonly runId?: string | undefined
  /** Where it is completed. */
  readonly outputs?: readonly SavedFile[]
  /** Where it is not. */
  readonly error?: Readonly<Record<string, unknown>>
}
