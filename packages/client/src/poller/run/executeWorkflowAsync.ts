import { executeRules } from '../../api/executeWorkflow.ts'
import { checkOptions, isFunction, type Rule } from '../../internal/options.ts'
import type { Client, Inputs, InputsOf, RunResult } from '../../types.ts'
import { type WaitOptions, waitRules } from './options.ts'
import { cancelMs } from './poll.ts'
import { submit } from './submit.ts'
import { followResult, legal } from './waitForResult.ts'

/** The argument of {@link ExecuteAsyncOptions.onSubmitted}. */
export interface Submission {
  runId: string
  /** Empty where the server names them later. */
  outputNames: string[]
}

/** Options of {@link executeWorkflowAsync}. */
export interface ExecuteAsyncOptions extends WaitOptions {
  /** Puts the run in a group. */
  groupId?: string | undefined
  /** How an array is sent: its name repeated, or numbered `name_0`, `name_1`, …. Default `'repeat'`. */
  arrays?: 'repeat' | 'indexed' | undefined
  /** Called with the run before the first poll: keep the id, and nothing is lost. It is awaited. */
  onSubmitted?: ((submission: Submission) => unknown) | undefined
}

const rules: Record<keyof ExecuteAsyncOptions, Rule> = {
  ...waitRules,
  ...executeRules,
  onSubmitted: isFunction,
}

/**
 * Submits a run and waits for its outputs. `timeoutMs` counts from when the run is submitted, and never cuts the
 * submission short. An abort does, at once, and leaves open whether the run was submitted; where it is to cancel the run
 * (`cancelOn`), it leaves the submission up to 5 s to tell the id.
 *
 * @throws what {@link executeWorkflow} throws; then {@link RunError} when the run failed or was cancelled, and
 * {@link TimeoutError} (`… timed out after <n>ms`) with `runId` and `resume(options)`, which goes on waiting.
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
  // All of them, before anything is paid for.
  checkOptions(options, rules)
  const { groupId, arrays, onSubmitted, ...wait } = options
  const { signal, headers, cancelOn = '' } = wait
  const graceMs = /^(abort|both)$/.test(cancelOn) ? cancelMs : 0
  const execution = { groupId, arrays, signal, headers }
  const { run_id, output_names } = await submit(client, workflowId, inputs as Inputs, execution, { graceMs })
  const submittedAt = Date.now()
  // Called even if the wait is aborted by now: the id must not be lost.
  const call = async () => onSubmitted?.({ runId: run_id, outputNames: legal(output_names) })
  const called = call()
  called.catch(() => {})
  return followResult(client, run_id, wait, { names: output_names, submittedAt, first: () => called })
}
