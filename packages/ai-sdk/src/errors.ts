import { type Client, type HttpError, isFlowScaleError } from '@flowscale/client'
import type { Failure } from './runs/outcome.ts'
import { ownError } from './runs/ownError.ts'
import { toSdkError } from './toSdkError.ts'

/** Whether an answer may be another one next time; 0: none came. To a POST only a 429 says that nothing was started. */
const isTransient = ({ status, method }: Partial<HttpError>): boolean =>
  method === 'POST' ? status === 429 : [0, 408, 425, 429].includes(status!) || status! >= 500

const mayBeSubmitted = ({ runId, error }: Failure): boolean =>
  (runId ?? Object(error).runId ?? Object(error).maybeSubmitted) !== undefined

/**
 * The error of a failed call. If there are several errors, it is the one that says most about paid runs. The AI SDK retries
 * a call if its error has `isRetryable: true`: a call that submits runs has it only if no run can have been submitted.
 */
export function toCallError(
  { baseUrl }: Client,
  workflowId: string,
  failures: readonly Failure[],
  { submits }: { submits: boolean },
): unknown {
  const { error } = failures.find(mayBeSubmitted) ?? failures[0]!
  if (!isFlowScaleError(error)) return ownError(error)
  if (error.code === 'ERR_FLOWSCALE_ARGUMENT') return toSdkError(error)
  const { url, status, response, body } = error as HttpError
  const isRetryable = failures.every(
    (failure) =>
      isFlowScaleError(failure.error) &&
      isTransient(failure.error as HttpError) &&
      !(submits && mayBeSubmitted(failure)),
  )
  const dressed = toSdkError(error, 'AI_APICallError', {
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
  // It was dressed before where a callback threw what another call had ended with.
  return isRetryable ? dressed : ownError(dressed)
}
