import { ArgumentError, type Client, type HttpError, isFlowScaleError } from '@flowscale/client'

/** The reason why a run, or one of its files, is missing. */
export interface Failure {
  readonly runId?: string | undefined
  readonly error: unknown
}

/** Refuses a value that is no object, and unknown names in it: a misspelled option would have no effect. */
export function refuse(what: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) {
    throw toSdkError(new ArgumentError(`${what} must be an object`))
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw toSdkError(new ArgumentError(`${what} has no "${unknown}"; it has ${known.join(', ')}`))
  }
}

/**
 * Marks an error as one of the AI SDK, by the symbols that the AI SDK looks for. The error stays the client's, with its
 * class, `code` and `runId`.
 */
export function toSdkError<E extends Error>(error: E, name?: string, fields: object = {}): E {
  const own = (marker: string): PropertyDescriptorMap => ({ [Symbol.for(marker)]: { value: true } })
  // An error that ends several calls keeps the fields of the first one.
  if (Object.hasOwn(error, Symbol.for('vercel.ai.error'))) return error
  Object.defineProperties(error, own('vercel.ai.error'))
  if (name) Object.defineProperties(error, own(`vercel.ai.error.${name}`))
  return Object.assign(error, fields)
}

/**
 * The error of a failed call: of several errors, the first one that may belong to a paid run. The AI SDK retries a call if
 * its error has `isRetryable: true`. A call that submits runs has it only if no run can have been submitted.
 */
export function toCallError(
  { baseUrl }: Client,
  workflowId: string,
  failures: readonly Failure[],
  { submits }: { submits: boolean },
): unknown {
  const { error } = failures.find(mayBeSubmitted) ?? failures[0]!
  if (!isFlowScaleError(error)) return callbackError(error)
  if (error.code === 'ERR_FLOWSCALE_ARGUMENT') return toSdkError(error)
  const { url, status, response, body } = error as HttpError
  const isRetryable = failures.every(
    (failure) =>
      isFlowScaleError(failure.error) &&
      isTransient(failure.error as HttpError) &&
      !(submits && mayBeSubmitted(failure)),
  )
  const callError = toSdkError(error, 'AI_APICallError', {
    url: url || baseUrl,
    requestBodyValues: { workflowId },
    ...(status > 0 && {
      statusCode: status,
      responseHeaders: Object.fromEntries(response?.headers ?? []),
      responseBody: typeof body === 'string' ? body : JSON.stringify(body),
    }),
    isRetryable,
    data: { runIds: failures.flatMap(({ runId, error }) => runId ?? Object(error).runId ?? []) },
  })
  // A callback can throw the error of another call, which keeps the `isRetryable` of that call.
  return isRetryable ? callError : callbackError(callError)
}

const mayBeSubmitted = ({ runId, error }: Failure): boolean =>
  (runId ?? Object(error).runId ?? Object(error).maybeSubmitted) !== undefined

/**
 * Whether a retry may get another answer. The status 0 means that there was no answer. After a POST, only a 429 proves that
 * no run was started.
 */
const isTransient = ({ status, method }: Partial<HttpError>): boolean =>
  method === 'POST' ? status === 429 : [0, 408, 425, 429].includes(status!) || status! >= 500

/**
 * An error of the caller's own code, unchanged. If it would make the AI SDK retry the call, another error wraps it: runs may
 * have been started.
 */
export function callbackError(error: unknown): unknown {
  if (!Object(error).isRetryable) return error
  return toSdkError(new Error(`A callback failed: ${Object(error).message}`, { cause: error }))
}

/** The message of an error, with the id of its run: the run may go on, or have files. */
export function failureText({ runId, error }: Failure): string {
  const { message = String(error), maybeSubmitted } = Object(error)
  if (maybeSubmitted) return `${message}; the run may have been started`
  return !runId || message.includes(runId) ? message : `${message}; the run is ${runId}`
}
