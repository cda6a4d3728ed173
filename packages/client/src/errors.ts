import type { Resumed, ResumeOptions, Run, RunResult } from './types.ts'

/** The status and the headers of an answer, with the key replaced. */
type AnswerHead = Pick<Response, 'status' | 'headers'>

/** What an error may carry besides its message. */
interface Details {
  cause?: unknown
  response?: AnswerHead
  [field: string]: unknown
}

const brand: symbol = /* @__PURE__ */ Symbol.for('flowscale.error')

/** Brands the error and sets its fields. Inspection and JSON don't show the response. */
function brandError(error: Error, { cause, response, ...fields }: Details = {}): void {
  Object.defineProperties(error, { [brand]: { value: true }, response: { value: response } })
  // `NetworkError` has the code `ERR_FLOWSCALE_NETWORK`.
  Object.assign(error, { code: `ERR_FLOWSCALE_${error.name.slice(0, -5).toUpperCase()}` }, fields)
}

/** The base class of all errors of this package except {@link ArgumentError}. */
export class FlowScaleError extends Error {
  override get name(): string {
    return 'FlowScaleError'
  }
  /** `ERR_FLOWSCALE_…`. It stays the same in later versions. */
  declare readonly code: string
  /** The id of the run, if it is known. */
  declare readonly runId?: string
  /** `true`: the run may have been submitted despite this error. Look for it with `getRuns`. */
  declare readonly maybeSubmitted?: true
  /** With `maybeSubmitted`: the time just before the request was sent. */
  declare readonly submittedAt?: Date
  /** With `maybeSubmitted`: the id of the workflow. */
  declare readonly workflowId?: string
  /** With `maybeSubmitted`: the group of the run, if you set one. */
  declare readonly groupId?: string
  /** With `maybeSubmitted`: the key of the submission, if it had one. With it you can send the submission again. */
  declare readonly idempotencyKey?: string

  constructor(message: string, details?: Details) {
    super(message, details)
    brandError(this, details)
  }
}

/**
 * An argument or option is wrong. No request was sent, unless a `headers` function gave illegal headers for a later request:
 * a retry, a poll or another run.
 */
export class ArgumentError extends TypeError {
  override get name(): 'ArgumentError' {
    return 'ArgumentError'
  }
  declare readonly code: 'ERR_FLOWSCALE_ARGUMENT'
  /** Set if headers that your function gave during a wait are illegal: the run was submitted, and may go on. */
  declare readonly runId?: string
  /** Never set, like the next four. They are declared so that you can read them on any error of this package. */
  declare readonly maybeSubmitted?: undefined
  declare readonly submittedAt?: undefined
  declare readonly workflowId?: undefined
  declare readonly groupId?: undefined
  declare readonly idempotencyKey?: undefined

  constructor(message: string, details?: Details) {
    super(message, details)
    brandError(this, details)
  }
}

/**
 * The request got no answer: DNS, the connection, CORS or a reset. `cause` is the runtime's error. A download,
 * and a submission with `withWebhook`, has no `cause`, because runtimes put its address into it.
 */
export class NetworkError extends FlowScaleError {
  override get name(): 'NetworkError' {
    return 'NetworkError'
  }
  declare readonly code: 'ERR_FLOWSCALE_NETWORK'
  /** Always 0. Missing for a WebSocket, and for an item of `executeMany` after an abort. */
  declare readonly status?: 0
  /** Missing if `status` is missing. */
  declare readonly method?: string
  /** Missing if `status` is missing. */
  declare readonly url?: string
}

/** An attempt took longer than `timeoutMs`, or a wait reached its deadline or `maxPolls`. */
export class TimeoutError extends FlowScaleError {
  override get name(): 'TimeoutError' {
    return 'TimeoutError'
  }
  declare readonly code: 'ERR_FLOWSCALE_TIMEOUT'
  /** The limit, in ms. */
  declare readonly timeoutMs: number
  /** For a wait: the limit that ended it. */
  declare readonly reason?: 'deadline' | 'polls'
  /**
   * For a wait: continues it. An option that you pass replaces the earlier one; the other options stay. All counters start
   * again. The result is a {@link RunResult} after `executeWorkflowAsync` and `waitForResult`. For the other waits name
   * the type: `resume<Run>()` after `waitForRun` and `watchRun`, `resume<Envelope<Output>>()` after `waitForOutput`.
   */
  declare readonly resume?: <T extends Resumed = RunResult>(options?: ResumeOptions) => Promise<T>
  /** For a wait with `cancelOn`: why the run could not be cancelled. */
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
  /** The URL. A signed URL is shown without its query. */
  declare readonly url: string
  /** The body: parsed JSON, or else the text. */
  declare readonly body: unknown
  /** The server's messages, one for each problem. */
  declare readonly errors: string[]
  /** The same messages with their fields. `field` is a path such as `body.text_51536`, or `''` if the server names none. */
  declare readonly details: { field: string; message: string }[]
  /** The header `x-request-id`. Quote it when you contact support. */
  declare readonly requestId: string | null
  /** The header `Retry-After`, in ms after the answer. */
  declare readonly retryAfterMs: number | undefined
  /** Not enumerable. The body is in `body`. */
  declare readonly response: AnswerHead
}

/** Status 422: the server refused the inputs. `details` names them. */
export class ValidationError extends HttpError {
  override get name(): 'ValidationError' {
    return 'ValidationError'
  }
  declare readonly code: 'ERR_FLOWSCALE_VALIDATION'
}

/** The server redirected an API request. The client did not follow, because that would send the key elsewhere. */
export class RedirectError extends FlowScaleError {
  override get name(): 'RedirectError' {
    return 'RedirectError'
  }
  declare readonly code: 'ERR_FLOWSCALE_REDIRECT'
  declare readonly method: string
  declare readonly url: string
  /** The 3xx status, if the runtime shows it. */
  declare readonly status: number | undefined
  /** The target of the redirect without its query, if the runtime shows it. */
  declare readonly location: string | undefined
}

/**
 * A 2xx answer that can't be read, lacks a required field, or reports an error. Also a download of an output that is not
 * ready, and a result with an output that fits no declared name.
 */
export class ResponseError extends FlowScaleError {
  override get name(): 'ResponseError' {
    return 'ResponseError'
  }
  declare readonly code: 'ERR_FLOWSCALE_RESPONSE'
  declare readonly status: number
  declare readonly method: string
  declare readonly url: string
  /** The body: parsed JSON, or else the text. */
  declare readonly body: unknown
  /** The server's messages, one for each problem. */
  declare readonly errors: string[]
  declare readonly requestId: string | null
  /**
   * Not enumerable. The body is in `body`. Missing for an output that is not ready, has no link, or fits no declared name.
   */
  declare readonly response: AnswerHead | undefined
  /**
   * The result of a run that has an output with an undeclared name. You paid for the run, and you can fetch its files.
   * `status` is 200 then; `url`, `body` and `errors` are empty. Not enumerable, because the links are signed.
   */
  declare readonly result?: RunResult
}

/** The run failed or was cancelled, or its nodes refused it. */
export class RunError extends FlowScaleError {
  override get name(): 'RunError' {
    return 'RunError'
  }
  declare readonly code: 'ERR_FLOWSCALE_RUN'
  /** The status of the run, as the server writes it. */
  declare readonly status: 'failed' | 'error' | 'cancelled' | 'canceled' | 'timed_out' | (string & {})
  /** The server's messages, one for each problem. */
  declare readonly errors: string[]
  /** The run, if the client has read it. */
  declare readonly run?: Run
}

/** Any error of this package. Narrow it by `code` or by class. */
export type AnyFlowScaleError =
  | ArgumentError
  | NetworkError
  | TimeoutError
  | (HttpError & { readonly name: 'HttpError'; readonly code: 'ERR_FLOWSCALE_HTTP' })
  | ValidationError
  | RedirectError
  | ResponseError
  | RunError
  | (FlowScaleError & { readonly name: 'WebhookError'; readonly code: 'ERR_FLOWSCALE_WEBHOOK' })
  | (FlowScaleError & {
      readonly name: 'FileError'
      readonly code: 'ERR_FLOWSCALE_FILE'
      readonly path: string
    })

/**
 * Whether `error` comes from this package, {@link ArgumentError} included. Errors of another copy of the package
 * count, too.
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
