import { type ExecuteOptions, executeWorkflow } from '../../api/executeWorkflow.ts'
import type { Client, Execution, Inputs } from '../../types.ts'

interface Grace {
  /** How long a submission may continue after an abort, in ms, to return the id of its run. */
  readonly graceMs: number
  /** Gives the error of a submission that failed after an abort. Default: the reason of the abort. */
  readonly toError?: (error: unknown) => unknown
}

/** Submits a run. After an abort it has some time to return the id, but starts no new attempt. */
export async function submit(
  client: Client,
  workflowId: string,
  inputs: Inputs,
  options: ExecuteOptions,
  { graceMs, toError }: Grace,
): Promise<Execution> {
  const { signal, headers } = options
  if (!signal || !graceMs) return (await executeWorkflow(client, workflowId, inputs, options)).data
  signal.throwIfAborted()
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const start = () => {
    timer = setTimeout(() => controller.abort(), graceMs)
  }
  signal.addEventListener('abort', start)
  // Called before each attempt.
  const headersOrAbort = async () => {
    const given = await (typeof headers === 'function' ? headers() : (headers ?? {}))
    signal.throwIfAborted()
    return given
  }
  try {
    const own = { ...options, signal: controller.signal, headers: headersOrAbort }
    return (await executeWorkflow(client, workflowId, inputs, own)).data
  } catch (error) {
    if (!signal.aborted) throw error
    throw toError ? toError(error) : signal.reason
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', start)
  }
}
