// What an engine throws, as the face answers it.

/** What is wrong with a request's inputs, in the form of FastAPI. */
export interface Problem {
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly type: string
}

/** Answered with 422; nothing was started. */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '))
    this.problems = problems
  }
}

/** Answered with its status and message. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly status: number
  /** For the header `Retry-After`. */
  readonly retryAfterS: number | undefined
  /** The run that may have been started. */
  readonly runId: string | undefined

  constructor(
    status: number,
    message: string,
    { retryAfterS, runId, cause }: { retryAfterS?: number; runId?: string; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.status = status
    this.retryAfterS = retryAfterS
    this.runId = runId
  }
}

/**
 * Throws the error of a submission that surely started nothing. A 503 would leave that open, so it becomes a 429: clients
 * submit again.
 */
export function nothingStarted(error: unknown): never {
  if (!(error instanceof EngineError) || error.status !== 503) throw error
  throw new EngineError(429, error.message, { retryAfterS: error.retryAfterS ?? 5, cause: error })
}
