/** An output of a run, as a program is told of it. */
export interface Delivered {
  readonly filename: string
  /** Signed, and expiring. */
  readonly download_url: string | null
  /** Where it was saved. */
  readonly path?: string
  readonly bytes?: number
}

/** A run that has ended well, as a program is told of it. */
export interface DeliveredRun {
  readonly runId: string
  readonly status: string
  readonly outputs: readonly Delivered[]
}
