import { toSdkError } from '../toSdkError.ts'

/**
 * What the caller's own code threw, as it is. One that the AI SDK would answer by a new call goes into another error: runs
 * may have been started.
 */
export function ownError(error: unknown): unknown {
  if (!Object(error).isRetryable) return error
  return toSdkError(new Error(`A callback failed: ${Object(error).message}`, { cause: error }))
}
