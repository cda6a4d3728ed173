import {
  type ExecuteOptions,
  executeRules,
  executeWorkflow,
  submitWithGrace,
} from '../api/executeWorkflow.ts'
import type { Inputs, InputsOf } from '../inputs.ts'
import { checkOptions, isFunction, type Rule } from '../internal/options.ts'
import type { Client, Execution, RunResult } from '../types.ts'
import { type WaitOptions, waitRules } from './options.ts'
import { pollResult, validNames } from './waitForResult.ts'

/** The argument of {@link ExecuteAsyncOptions.onSubmitted}. */
export interface Submission {
  runId: string
  /** Empty if the server names them later. */
  outputNames: string[]
  /** The other runs, if the server started several for one request. The wait follows the first run only. */
  others?: readonly Execution[]
}

/** Options of {@link executeWorkflowAsync}. */
export interface ExecuteAsyncOptions
  extends WaitOptions,
    Pick<ExecuteOptions, 'groupId' | 'arrays' | 'previews'> {
  /** Called before the first poll, and awaited. Save the run id, so that you can resume the wait in another process. */
  onSubmitted?: ((submission: Submission) => unknown) | undefined
}

/**
 * Submits a run and waits for its outputs. `timeoutMs` counts from the end of the submission. An abort ends the
 * submission at once, and the run may have been submitted or not. If `cancelOn` cancels the run on abort, the
 * submission has up to 5 s to return the id.
 *
 * @throws the errors of {@link executeWorkflow}; {@link RunError} if the run failed or was cancelled;
 * {@link TimeoutError} (`… timed out after <n>ms`) with `runId` and `resume(options)`, which continues the wait.
 *
 * @example
 * ```ts
 * const { outputs, runId } = await executeWorkflowAsync(client, 'bncu0a1kipv', { text_51536: 'a red fox' }, {
 *   onSubmitted: ({ runId }) => console.log('submitted', runId),
 *   onUpdate: ({ status }) => console.log(status),
 * })
 * ```
 */
export async function executeWorkflowAsync<T extends object>(
  client: Client,
  workflowId: string,
  inputs: T & InputsOf<T>,
  options: ExecuteAsyncOptions = {},
): Promise<RunResult> {
  const rules: Record<keyof ExecuteAsyncOptions, Rule> = {
    ...waitRules(),
    ...executeRules,
    onSubmitted: isFunction,
  }
  // All options are checked before a run is paid for.
  checkOptions(options, rules)
  const { groupId, arrays, previews, onSubmitted, ...wait } = options
  const { signal, headers, cancelOn = '' } = wait
  // A run can only be cancelled by its id.
  const submit = /abort|both/.test(cancelOn) ? submitWithGrace : executeWorkflow
  const execute = { groupId, arrays, previews, signal, headers }
  const { data } = await submit(client, workflowId, inputs as Inputs, execute)
  const { run_id, output_names, others } = data
  const more = others && { others }
  // Called even after an abort, because the id must not be lost.
  const call = async () => onSubmitted?.({ runId: run_id, outputNames: validNames(output_names), ...more })
  const called = call()
  called.catch(() => {})
  return pollResult(client, run_id, wait, {
    names: output_names,
    submittedAt: Date.now(),
    first: () => called,
    ...more,
  })
}
