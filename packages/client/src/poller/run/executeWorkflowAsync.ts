import { executeRules } from '../../api/executeWorkflow.ts'
import { checkOptions, isFunction, type Rule } from '../../internal/options.ts'
import type { Client, Execution, Inputs, InputsOf, RunResult } from '../../types.ts'
import { type WaitOptions, waitRules } from './options.ts'
import { cancelMs } from './poll.ts'
import { submit } from './submit.ts'
import { followResult, legal } from './waitForResult.ts'

/** The argument of {@link ExecuteAsyncOptions.onSubmitted}. */
export interface Submission {
  runId: string
  /** Empty if the server names them later. */
  outputNames: string[]
  /** The other runs, if the server started several for one request. The wait follows the first run only. */
  others?: readonly Execution[]
}

/** Options of {@link executeWorkflowAsync}. */
export interface ExecuteAsyncOptions extends WaitOptions {
  /** The group of the run. */
  groupId?: string | undefined
  /** How an array is sent: with its name repeated, or numbered as `name_0`, `name_1`, …. Default `'repeat'`. */
  arrays?: 'repeat' | 'indexed' | undefined
  /** Called before the first poll, and awaited. Save the run id, so that you can resume the wait in another process. */
  onSubmitted?: ((submission: Submission) => unknown) | undefined
}

const rules: Record<keyof ExecuteAsyncOptions, Rule> = {
  ...waitRules,
  ...executeRules,
  onSubmitted: isFunction,
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
  // Checks all options before a run is paid for.
  checkOptions(options, rules)
  const { groupId, arrays, onSubmitted, ...wait } = options
  const { signal, headers, cancelOn = '' } = wait
  const graceMs = /abort|both/.test(cancelOn) ? cancelMs : 0
  const execution = { groupId, arrays, signal, headers }
  const { run_id, output_names, others } = await submit(client, workflowId, inputs as Inputs, execution, {
    graceMs,
  })
  const more = others && { others }
  // Called even after an abort: the id must not be lost.
  const call = async () => onSubmitted?.({ runId: run_id, outputNames: legal(output_names), ...more })
  const called = call()
  called.catch(() => {})
  return followResult(client, run_id, wait, {
    names: output_names,
    submittedAt: Date.now(),
    first: () => called,
    ...more,
  })
}
