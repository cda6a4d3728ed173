import { type Client, type HttpError, isFlowScaleError } from '@flowscale/client'
import { toSdkError } from '../toSdkError.ts'
import type { Failure } from './outcome.ts'
import { ownError } from './ownError.ts'

/** Answers that may be another one next time, and 0: none came. */
const isTransient = (status: number | undefined): boolean =>
  status === 0 || status === 408 || status === 425 || status === 429 || (status ?? 0) >= 500

const mayBeSubmitted = ({ runId, error }: Failure): boolean =>
  (runId ?? Object(error).runId ?? Object(error).maybeSubmitted) !== undefined

/**
 * The error of a call that failed: of several the one that tells most of what may have been paid for. The AI SDK makes a
 * call again whose error says `isRetryable`: one that submits runs only if none can have been submitted.
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
      isTransient((failure.error as HttpError).status) &&
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
