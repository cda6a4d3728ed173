import { check } from '../internal/options.ts'
import type { RunResult } from '../types.ts'
import { checkWorkflow } from './checkWorkflow.ts'
import { sortOutputs } from './sortOutputs.ts'
import type { TypedResult, TypedWorkflow } from './types.ts'

/**
 * Gives the outputs of a result their names: for results of `waitForResult`, `error.resume()` and `executeMany`.
 * {@link run} and {@link runMany} do it themselves.
 *
 * With one declared name all outputs are its. Else an output belongs to the longest name that its file is named, or starts
 * with, followed by `_`, `.` or `-`.
 *
 * @throws {@link ResponseError} with `runId` and `result` where an output fits none of several names; {@link ArgumentError}
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
  check('result', result, (value) => Array.isArray(value?.outputs) || 'that of a run')
  return { ...result, outputs: sortOutputs(workflow.outputNames, result) }
}
