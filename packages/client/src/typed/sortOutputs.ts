import { ResponseError } from '../errors.ts'
import type { ResultOutput, RunResult } from '../types.ts'

/**
 * Puts each output under its name: the longest one that its file is named, or starts with, followed by `_`, `.` or `-`.
 * With one name all are its.
 *
 * @throws {@link ResponseError} with `runId` and `result` where an output fits none of several names
 */
export function sortOutputs<O extends string>(
  outputNames: readonly O[],
  result: RunResult,
): { [K in O]: ResultOutput[] } {
  const names = [...outputNames].sort((a, b) => b.length - a.length)
  // Each name is a field of its own, `__proto__`, too.
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
        'declare what its files start with. error.result has all',
      { runId, method: 'GET', url: '', status: 200, body: null, errors: [], requestId: null },
    ),
    'result',
    // Out of sight of inspection and JSON, as the links in it are signed.
    { get: () => result },
  )
}
