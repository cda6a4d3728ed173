import type { Client, RunResult } from '../types.ts'
import { followResult, type WaitForResultOptions } from './followResult.ts'

/**
 * Waits for the outputs of any run, started here or in another process.
 *
 * @throws {@link RunError} when the run failed or was cancelled; {@link TimeoutError} with `runId` and `resume`;
 * {@link ArgumentError}; {@link HttpError} for other 4xx (404: the run is not known); {@link RedirectError}
 *
 * @example
 * ```ts
 * const { outputs } = await waitForResult(client, runId, { timeoutMs: 600_000 })
 * for (const { filename, download_url } of outputs) console.log(filename, download_url)
 * ```
 */
export async function waitForResult(
  client: Client,
  runId: string,
  options: WaitForResultOptions = {},
): Promise<RunResult> {
  return followResult(client, runId, options)
}
