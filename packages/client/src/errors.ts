import type { Resumed, ResumeOptions, Run, RunResult } from './types.ts'

/** What an error may carry besides its message. */
interface Details {
  cause?: unknown
  response?: Response
  [field: string]: unknown
}

const brand: symbol = /* @__PURE__ */ Symbol.for('flowscale.error')

/** Brands the error and gives it its fields; the response stays out of sight of inspection and JSON. */
function dress(error: Error, { cause, response, ...fields }: Details = {}): void {
  Object.defineProperties(error, { [brand]: { value: true }, response: { get: () => response } })
  // `NetworkError` has the code `ERR_FLOWSCALE_NETWORK`.
  Object.assign(error, { code: `ERR_FLOWSCALE_${error.name.slice(0, -5).toUpperCase()}` }, fields)
}

/** The base of every error below but {@link ArgumentError}. */
export class FlowScaleError extends Error {
  override get name(): string {
    return 'FlowScaleError'
  }
  /** Stable, machine-readable: `ERR_FLOWSCALE_…`. */
  declare readonly code: string
  /** The run that this error is about, where one was known. */
  declare readonly runId?: string
  /** `true`: the run may have been submitted all the same; look for it by `getRuns`. */
  declare readonly maybeSubmitted?: true
  /** With `maybeSubmitted`: taken just before the request was sent. */
  declare readonly submittedAt?: Date
  /** With `maybeSubmitted`: what was executed. */
  declare readonly workflowId?: string
  /** With `maybeSubmitted`: the group that it was executed in. */
  declare readonly groupId?: string

  constructor(message: string, details?: Details) {
    super(message, details)
    dress(this, details)
  }
}

/** A wrong argument or option. Nothing was sent. */
export class ArgumentError extends TypeError {
  override get name(): 'ArgumentError' {
    return 'ArgumentError'
  }
  declare readonly code: 'ERR_FLOWSCALE_ARGUMENT'
  /** Never there, as nothing was sent; declared so that any error of this package can be asked for them. */
  declare readonly runId?: undefined
  declare readonly maybeSubmitted?: undefined
  declare readonly submittedAt?: undefined
  declare readonly workflowId?: undefined
  declare readonly groupId?: undefined

  constructor(message: string, details?: Details) {
    super(message, details)
    dress(this, details)
  }
}

/**
 * The request got no answer: DNS, connection, CORS, a reset. `cause` is the runtime's own error; a download
 * has none, since runtimes put the signed link into theirs.
 */
export class NetworkError extends FlowScaleError {
  override get name(): 'NetworkError' {
    return 'NetworkError'
  }
  declare readonly code: 'ERR_FLOWSCALE_NETWORK'
  /** No answer came. Not told of a WebSocket. */
  declare readonly status?: 0
  /** Not told of a WebSocket. */
  declare readonly method?: string
  /** Not told of a WebSocket. */
  declare readonly url?: string
}

/** An attempt took longer than its `timeoutMs`, or a wait reached its deadline or `maxPolls`. */
export class TimeoutError extends FlowScaleError {
  override get name(): 'TimeoutError' {
    return 'TimeoutError'
  }
  declare readonly code: 'ERR_FLOWSCALE_TIMEOUT'
  /** The limit that was reached, in ms. */
  declare readonly timeoutMs: number
  /** For a wait: what ended it. */
  declare readonly reason?: 'deadline' | 'polls'
  /**
   * For a wait: goes on with it, with `options` merged over the first ones and fresh counters. It gives what that
   * wait was to give: a {@link RunResult} after `executeWorkflowAsync` and `waitForResult`, else as you name it:
   * `resume<Run>()` after `waitForRun` and `watchRun`, `resume<Envelope<Output>>()` after `waitForOutput`.
   */
  declare readonly resume?: <T extends Resumed = RunResult>(options?: ResumeOptions) => Promise<T>
  /** For a wait that was to cancel the run (`cancelOn`): why that failed. */
  declare readonly cancelError?: unknown
}

/** The server answered with a status that is not 2xx. */
export class HttpError extends FlowScaleError {
  override get name(): 'HttpError' | 'ValidationError' {
    return 'HttpError'
  }
  declare readonly code: 'ERR_FLOWSCALE_HTTP' | 'ERR_FLOWSCALE_VALIDATION'
  declare readonly status: number
  declare readonly method: string
  /** Without the query of a signed URL. */
  declare readonly url: string
  /** Parsed, where it was JSON, else text. */
  declare readonly body: unknown
  /** What the server said, one string for each problem. */
  declare readonly errors: string[]
  /** The same by field, where the server names one: `field` is a path such as `body.text_51536`, or `''`. */
  declare readonly details: { field: string; message: string }[]
  /** The header `x-request-id`: name it when you ask for support. */
  declare readonly requestId: string | null
  /** The header `Retry-After`, in ms from when the answer came. */
  declare readonly retryAfterMs: number | undefined
  /** Not enumerable. Status and headers, in which an echo of the key is replaced; its body is in `body`. */
  declare readonly response: Response
}

/** Status 422: the server refused the inputs; `details` tells which. */
export class ValidationError extends HttpError {
  override get name(): 'ValidationError' {
    return 'ValidationError'
  }
  declare readonly code: 'ERR_FLOWSCALE_VALIDATION'
}

/** The server redirected an API request. It was not followed, since the key would have gone along. */
export class RedirectError extends FlowScaleError {
  override get name(): 'RedirectError' {
    return 'RedirectError'
  }
  declare readonly code: 'ERR_FLOWSCALE_REDIRECT'
  declare readonly method: string
  declare readonly url: string
  /** The 3xx status, where the runtime shows it. */
  declare readonly status: number | undefined
  /** Where the server pointed, without query, where the runtime shows it. */
  declare readonly location: string | undefined
}

/**
 * A 2xx answer that can't be read, lacks what it must have, or says that it is an error; also a result whose outputs fit
 * no declared name.
 */
export class ResponseError extends FlowScaleError {
  override get name(): 'ResponseError' {
    return 'ResponseError'
  }
  declare readonly code: 'ERR_FLOWSCALE_RESPONSE'
  declare readonly status: number
  declare readonly method: string
  declare readonly url: string
  /** Parsed, where it was JSON, else text. */
  declare readonly body: unknown
  /** What the server said, one string for each problem. */
  declare readonly errors: string[]
  declare readonly requestId: string | null
  /**
   * Not enumerable. Status and headers, in which an echo of the key is replaced; its body is in `body`. Not told where an
   * output could be asked for, but not downloaded.
   */
  declare readonly response: Response | undefined
  /**
   * Not enumerable, as its links are signed. The whole result of the run, where an output fits no name that its workflow
   * declares: the run was paid for, and its files can be fetched. `status` is 200 then; `url`, `body` and `errors` are empty.
   */
  declare readonly result?: RunResult
}

/** The run failed, was cancelled, or was refused by its nodes. */
export class RunError extends FlowScaleError {
  override get name(): 'RunError' {
    return 'RunError'
  }
  declare readonly code: 'ERR_FLOWSCALE_RUN'
  /** The server's word. */
  declare readonly status: 'failed' | 'error' | 'cancelled' | 'canceled' | 'timed_out' | (string & {})
  /** What the server said, one string for each problem. */
  declare readonly errors: string[]
  /** The run, where it was asked for. */
  declare readonly run?: Run
}

/** Any error of this package; narrow it by `code` or by class. */
export type AnyFlowScaleError =
  | ArgumentError
  | NetworkError
  | TimeoutError
  | (HttpError & { readonly name: 'HttpError'; readonly code: 'ERR_FLOWSCALE_HTTP' })
  | ValidationError
  | RedirectError
  | ResponseError
  | RunError
  | (FlowScaleError & {
      readonly name: 'FileError'
      readonly code: 'ERR_FLOWSCALE_FILE'
      readonly path: string
    })

/**
 * Whether `error` is one of this package's, {@link ArgumentError} included; also when another copy of the
 * package threw it.
 *
 * @throws nothing
 *
 * @example
 * ```ts
 * try {
 *   await checkHealth(client)
 * } catch (error) {
 *   if (isFlowScaleError(error)) console.error(error.code)
 *   else throw error
 * }
 * ```
 */
export function isFlowScaleError(error: unknown): error is AnyFlowScaleError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true
}
