import { ArgumentError } from '@flowscale/client'
import { toSdkError } from '../toSdkError.ts'
import type { VideoOperation } from '../types.ts'

/** Checks the operation that was kept between a start and a status call. */
export function readOperation(operation: unknown): VideoOperation {
  const { workflowId, runs } = Object(operation)
  const isRun = (run: unknown): boolean => typeof Object(run).runId === 'string'
  if (typeof workflowId !== 'string' || !Array.isArray(runs) || !runs.length || !runs.every(isRun)) {
    throw toSdkError(new ArgumentError('operation must be the object of startVideo: parse a JSON text first'))
  }
  return operation as VideoOperation
}
