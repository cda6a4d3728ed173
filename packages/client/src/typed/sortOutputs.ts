import { ResponseError } from '../errors.ts'
import type { ResultOutput, RunResult } from '../types.ts'

/**
 * Sorts the outputs by name, as {@link nameOutputs} describes.
 *
 * @throws {@link ResponseError} with `runId` and `result` if an output fits none of several names
 */
export function sortOutputs<O extends string>(
  outputNames: readonly O[],
  result: RunResult,
): { [K in O]: ResultOutput[] } {
  const names = [...outputNames].sort((a, b) => b.length - a.length)
  // Each name is an own field, also `__proto__`.
  const outputs: { [K in O]: ResultOutput[] } = Object.fromEntries(
    outputNames.map((name) => [name, []]),
  ) as never
  const odd: string[] = []
  for (const output of result.outputs) {
    const { filename } = output
    const name = names.find(
      (name) => !names[1] || (filename.startsWith(name) && '_.-'.includes(filename[name.length] ?? '_')),
    )
    if (name) outputs[name].push(output)
    else odd.push(filename)
  }
  if (!odd.length) return outputs
  const { runId } = result
  throw Object.defineProperty(
    new ResponseError(
      `Output ${odd} of run ${runId} fits no name in outputNames (${outputNames}): ` +
        'declare the start of its name. error.result has all outputs',
      { runId, method: 'GET', url: '', status: 200, body: null, errors: [], requestId: null },
    ),
    'result',
    // Hidden from inspection and JSON, because its links are signed.
    { get: () => result },
  )
}
