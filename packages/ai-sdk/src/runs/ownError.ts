import { toSdkError } from '../toSdkError.ts'

/**
 * An error of the caller's own code, unchanged. An error that would make the AI SDK retry the call is wrapped in another
 * one, because runs may have been started.
 */
export function ownError(error: unknown): unknown {
  if (!Object(error).isRetryable) return error
  return toSdkError(new Error(`A callback failed: ${Object(error).message}`, { cause: error }))
}
