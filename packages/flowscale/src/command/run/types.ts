/** An output of a run, for programs. */
export interface Delivered {
  readonly filename: string
  /** Signed, and expiring. */
  readonly download_url: string | null
  /** Where it was saved. */
  readonly path?: string
  readonly bytes?: number
}

/** A completed run, for programs. */
export interface DeliveredRun {
  readonly runId: string
  readonly status: string
  readonly outputs: readonly Delivered[]
}
