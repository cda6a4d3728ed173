import { check } from '../internal/options.ts'
import type { RunResult } from '../types.ts'
import { checkWorkflow } from './checkWorkflow.ts'
import { sortOutputs } from './sortOutputs.ts'
import type { TypedResult, TypedWorkflow } from './types.ts'

/**
 * Sorts the outputs of a result by name, for results of `waitForResult`, `error.resume()` and `executeMany`.
 * {@link run} and {@link runMany} do it themselves.
 *
 * With one declared name, all outputs belong to it. With several, an output belongs to the longest name that is the name
 * of its file, or that its file starts with, followed by `_`, `.` or `-`.
 *
 * @throws {@link ResponseError} with `runId` and `result` if an output fits none of several names; {@link ArgumentError}
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow('bncu0a1kipv', ['image_output'])
 * const { outputs } = nameOutputs(textToImage, await waitForResult(client, runId))
 * console.log(outputs.image_output)
 * ```
 */
export function nameOutputs<O extends string>(
  workflow: TypedWorkflow<never, O>,
  result: RunResult,
): TypedResult<O> {
  checkWorkflow(workflow)
  check('result', result, (value) => Array.isArray(value?.outputs) || 'the result of a run')
  return { ...result, outputs: sortOutputs(workflow.outputNames, result) }
}
