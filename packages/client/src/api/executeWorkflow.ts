import { type HttpError, ResponseError, RunError } from '../errors.ts'
import { isObject, list, problems, text } from '../internal/data.ts'
import { buildForm, encodeInputs } from '../internal/form.ts'
import { check, checkOptions, isId, type Rule, requestRules } from '../internal/options.ts'
import { withQuery } from '../internal/query.ts'
import { isUnclear, request } from '../internal/request.ts'
import { isPageOrWorker } from '../internal/runtime.ts'
import { reveal } from '../internal/secrets.ts'
import { upload } from '../internal/upload.ts'
import type { Client, Envelope, Execution, Inputs, InputsOf, RequestOptions } from '../types.ts'

/** Options of {@link executeWorkflow}. */
export interface ExecuteOptions extends RequestOptions {
  /** Puts the run in a group; with one of its own, a submission can be found by {@link getRuns}. */
  groupId?: string | undefined
  /** How an array is sent: its name repeated, or numbered `name_0`, `name_1`, …. Default `'repeat'`. */
  arrays?: 'repeat' | 'indexed' | undefined
}

export const executeRules: Readonly<Record<'groupId' | 'arrays', Rule>> = {
  groupId: isId,
  arrays: (value) => value === 'repeat' || value === 'indexed' || 'repeat or indexed',
}

/**
 * Submits a run and returns at once, with `data.run_id`. It is sent again after a 429 only: anything else may
 * have started the run, and would start a second one. The time limit of an attempt grows by 1 s for each
 * 256 KiB of files, unless `timeoutMs` is given here.
 *
 * Should a server start several runs by this one call, `data.others` has the further ones.
 *
 * Files: `Blob`, `File`, {@link toFile}, `ArrayBuffer`, typed arrays. On Node 20 and later a Blob from
 * `fs.openAsBlob` is streamed; other runtimes may hold it in memory. Files must be smaller than 4 GiB.
 *
 * @throws {@link ArgumentError} for inputs that can't be sent, before any request; {@link ValidationError};
 * {@link RunError} when nodes refused; {@link HttpError}; {@link RedirectError}; {@link NetworkError};
 * {@link TimeoutError}; {@link ResponseError}. Where the run may have been submitted all the same, the error
 * has `maybeSubmitted: true`, `submittedAt`, `workflowId` and `groupId`.
 *
 * @example
 * ```ts
 * const { data } = await executeWorkflow(client, 'bncu0a1kipv', { text_51536: 'a lighthouse at dusk' })
 * console.log(data.run_id)
 * ```
 */
export async function executeWorkflow<T extends object>(
  client: Client,
  workflowId: string,
  inputs: T & InputsOf<T>,
  options: ExecuteOptions = {},
): Promise<Envelope<Execution>> {
  reveal(client)
  check('workflowId', workflowId, isId)
  checkOptions(options, { ...requestRules, ...executeRules })
  const { groupId, arrays, ...rest } = options
  const parts = encodeInputs(inputs as Inputs, arrays)
  const bytes = parts.reduce((sum, [, value]) => sum + (typeof value === 'string' ? 0 : value.size), 0)
  let submittedAt: Date | undefined
  return request(client, withQuery('runs', { workflow_id: workflowId, group_id: groupId }), {
    method: 'POST',
    fetchWith: async (...args) => {
      submittedAt = new Date()
      const response = await upload(buildForm(parts), ...args, isPageOrWorker())
      // It says that nothing was submitted; what fails before the next attempt is sent tells no other.
      if (response.status === 429) submittedAt = undefined
      return response
    },
    options: rest,
    timeoutMs: client.timeoutMs + Math.ceil(bytes / 262_144) * 1000,
    retryOn: [429],
    parseData: toExecution,
    mapError: (error) => {
      if (!submittedAt) return error
      const items = itemsOf(Object((error as HttpError).body).data)
      const runId = items.map(({ run_id }) => text(run_id)).find(Boolean)
      const refusals = items.flatMap(({ node_errors }) => Object.entries(Object(node_errors)))
      if (error instanceof ResponseError && refusals.length) {
        const errors = refusals.map(([node, told]) => {
          const said = problems(told).map(({ message }) => message)
          return `node ${node}: ${said.join('; ') || 'refused'}`
        })
        const message = `Workflow ${workflowId} was refused: ${errors.join('; ')}`
        return new RunError(message, { status: 'failed', errors, runId, workflowId, groupId, cause: error })
      }
      const isOpen = isUnclear(error) || (error as HttpError).status === 408
      // A server may name a run and say that it failed.
      return Object.assign(
        error,
        runId && { runId },
        isOpen && { maybeSubmitted: true, submittedAt, workflowId, groupId },
      )
    },
  })
}

/** What the server tells of each run that it started: of one, or a list, as one dialect wraps it. */
const itemsOf = (data: unknown): Record<string, unknown>[] => [data].flat().map(Object)

/** The first run; `others` are there only where one POST started several. */
function toExecution(data: unknown): Execution | undefined {
  const [first, ...others] = itemsOf(data).flatMap((own): Execution[] => {
    const run_id = text(own.run_id)
    if (!run_id) return []
    const { output_names, node_errors, number } = own
    return [
      {
        ...own,
        ...(own.workflow_id != null && { workflow_id: text(own.workflow_id) }),
        run_id,
        output_names: list(output_names).map((name) => text(name)),
        node_errors: isObject(node_errors) ? node_errors : {},
        number: typeof number === 'number' ? number : null,
      },
    ]
  })
  return first && others.length ? { ...first, others } : first
}
