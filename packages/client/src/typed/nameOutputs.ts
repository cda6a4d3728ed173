import { ResponseError } from '../errors.ts'
import { check } from '../internal/options.ts'
import type { ResultOutput, RunResult } from '../types.ts'
import { checkWorkflow } from './checkWorkflow.ts'
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
  check('result', result, (value) => Array.isArray(value?.outputs) || 'the result of a run')
  const { outputNames: names } = workflow
  // Each name is a field of its own, `__proto__`, too.
  const outputs = Object.fromEntries(
    names.map((name): [O, ResultOutput[]] => [name, []]),
  ) as TypedResult<O>['outputs']
  const odd: string[] = []
  for (const output of result.outputs) {
    const { filename } = output
    const fitting = names.filter(
      (name) => filename.startsWith(name) && /^([_.-]|$)/.test(filename.slice(name.length)),
    )
    const [name] = names.length > 1 ? fitting.sort((a, b) => b.length - a.length) : names
    if (name === undefined) odd.push(filename)
    else outputs[name].push(output)
  }
  if (!odd.length) return { ...result, outputs }
  const { runId } = result
  const error = new ResponseError(
    `Output ${odd.join(', ')} of run ${runId} fits no name in outputNames (${names.join(', ')}): ` +
      'declare what the names of the files start with. All outputs are in error.result',
    { runId },
  )
  // Not enumerable, as the links in it are signed.
  throw Object.defineProperty(error, 'result', { value: result })
}
