import { type HttpError, ResponseError, RunError } from '../errors.ts'
import { buildForm, encodeInputs, type Inputs, type InputsOf } from '../inputs.ts'
import { problems } from '../internal/answer.ts'
import { check, checkOptions, isBoolean, isId, type Rule, requestRules } from '../internal/options.ts'
import { isUnclear, request, withQuery } from '../internal/request.ts'
import { hide, reveal, type Send, type Submission } from '../internal/secrets.ts'
import { uploadMs } from '../internal/timers.ts'
import { upload } from '../internal/upload.ts'
import { asList, asText, isObject } from '../internal/values.ts'
import type { Client, Envelope, Execution, RequestOptions } from '../types.ts'

/** Options of {@link executeWorkflow}. */
export interface ExecuteOptions extends RequestOptions {
  /**
   * The group of the run. With a group for each submission, {@link getRuns} can find the run. In the queue of a gateway,
   * callers take turns. The part of `groupId` before the first `/` names the caller: `report/1` and `report/2` belong to
   * the caller `report`.
   */
  groupId?: string | undefined
  /** How an array is sent: with its name repeated, or numbered as `name_0`, `name_1`, …. Default `'repeat'`. */
  arrays?: 'repeat' | 'indexed' | undefined
  /**
   * `true` asks for pictures while the run is at work: `preview` of {@link getRun}, of `onProgress` and of a store. A gateway and
   * the emulator have them, and a pod has none. Default `false`.
   */
  previews?: boolean | undefined
  /**
   * Submits an earlier submission again, by the `idempotencyKey` of its error. With the same workflow, inputs and group you get
   * its run, if there is one. It needs a client with `idempotency`. Nothing is submitted to a server that keeps no keys.
   */
  idempotencyKey?: string | undefined
}

export const executeRules: Readonly<Record<'groupId' | 'arrays' | 'previews', Rule>> = {
  groupId: isId,
  arrays: (value) => value === 'repeat' || value === 'indexed' || 'repeat or indexed',
  previews: isBoolean,
}

/**
 * Submits a run. It does not wait for the result; `data.run_id` has the id. The request is retried after a 429
 * only, and on Node and Deno after a refused connection: in all other cases the run may have started, and a retry
 * would start a second one. With the option `idempotency` of the client, it is also retried on a server that keeps keys, and
 * starts one run. An attempt gets 1 s more for each 256 KiB of files, unless you set `timeoutMs` here.
 *
 * If the server starts several runs for one request, `data.others` has the others.
 *
 * Files can be a `Blob`, `File`, {@link toFile}, `ArrayBuffer` or typed array. Node 20 and later stream a Blob from
 * `fs.openAsBlob`; other runtimes may hold it in memory. A file must be smaller than 4 GiB.
 *
 * @throws {@link ArgumentError} before any request if an input can't be sent; {@link ValidationError};
 * {@link RunError} if nodes refused the run; {@link HttpError}; {@link RedirectError}; {@link NetworkError};
 * {@link TimeoutError}; {@link ResponseError}. If the run may have been submitted despite the error, the error
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
  const { idempotency } = reveal(client)
  check('workflowId', workflowId, isId)
  checkOptions(options, {
    ...requestRules,
    ...executeRules,
    ...idempotency?.rules,
  })
  const { groupId, arrays, previews, idempotencyKey, ...rest } = options
  const query = { workflow_id: workflowId, group_id: groupId, previews: previews ? 1 : undefined }
  const parts = encodeInputs(inputs as Inputs, arrays)
  const bytes = parts.reduce((sum, [, value]) => sum + (Object(value).size ?? 0), 0)
  let submittedAt: Date | undefined
  const send: Send = (options, via = upload) =>
    request(client, withQuery('runs', query), {
      method: 'POST',
      fetchWith: async (...args) => {
        submittedAt = new Date()
        const response = await via(parts, buildForm, ...args)
        // A 429, or a connection that was refused, means that nothing was submitted. The request may still fail before the next attempt.
        if (response.status === 429) submittedAt = undefined
        return response
      },
      options,
      timeoutMs: client.timeoutMs + uploadMs(bytes),
      retryOn: [429],
      parseData: toExecution,
      mapError: (error) => {
        if (!submittedAt) return error
        const items = itemsOf(Object((error as HttpError).body).data)
        const runId = items.map(({ run_id }) => asText(run_id)).find(Boolean)
        const refusals = items.flatMap(({ node_errors }) => Object.entries(Object(node_errors)))
        if (error instanceof ResponseError && refusals.length) {
          const errors = refusals.map(([node, told]) => {
            const said = problems(told).map(({ message }) => message)
            return `node ${node}: ${said.join('; ') || 'refused'}`
          })
          const message = `Workflow ${workflowId} was refused: ${errors.join('; ')}`
          return new RunError(message, { status: 'failed', errors, runId, workflowId, groupId, cause: error })
        }
        // A 303 means that the server has processed the request. A hidden status may be one.
        const isOpen = isUnclear(error) || [303, 408].includes((error as HttpError).status ?? 303)
        // A server may refuse a request and still name the run.
        return Object.assign(
          error,
          runId && { runId },
          isOpen && { maybeSubmitted: true, submittedAt, workflowId, groupId },
        )
      },
    })
  return idempotency ? idempotency.submit(client, rest, send, idempotencyKey) : send(rest)
}

/** The runs of an answer. One dialect has a list, even for a single run. */
const itemsOf = (data: unknown): Record<string, unknown>[] => [data].flat().map(Object)

/** The first run of an answer. `others` is set only if one POST started several runs. */
function toExecution(data: unknown): Execution | undefined {
  const [first, ...others] = itemsOf(data).flatMap((own): Execution[] => {
    const run_id = asText(own.run_id)
    if (!run_id) return []
    const { workflow_id, output_names, node_errors, number } = own
    return [
      {
        ...own,
        ...(workflow_id != null && { workflow_id: asText(workflow_id) }),
        run_id,
        output_names: asList(output_names).map((name) => asText(name)),
        node_errors: isObject(node_errors) ? node_errors : {},
        number: typeof number === 'number' ? number : null,
      },
    ]
  })
  return first && others.length ? { ...first, others } : first
}

/** How long a submission may take after an abort, in ms. Without the id of its run, the run would be paid for and lost. */
const graceMs = 5000

/**
 * Submits a run like {@link executeWorkflow}. After an abort, the submission has `graceMs` to return the id of its run, but
 * makes no new attempt. `toError` gives the error of a submission that fails after an abort; by default the abort's reason.
 * `key` is the key of this submission on a client with `idempotency`. It is new, or the server is known to keep it.
 */
export async function submitWithGrace(
  client: Client,
  workflowId: string,
  inputs: Inputs,
  options: ExecuteOptions,
  toError: (error: unknown) => unknown = () => options.signal!.reason,
  key?: string,
  about: 'new' | 'kept' = 'new',
): Promise<Envelope<Execution>> {
  const { signal, headers } = options
  const { idempotency, ...secrets } = reveal(client)
  if (idempotency && key) {
    const submit: Submission['submit'] = (client, options, send) =>
      idempotency.submit(client, options, send, key, about)
    client = hide({ ...client }, { ...secrets, idempotency: { ...idempotency, submit } })
  }
  if (!signal) return executeWorkflow(client, workflowId, inputs, options)
  signal.throwIfAborted()
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const start = () => {
    timer = setTimeout(() => controller.abort(), graceMs)
  }
  signal.addEventListener('abort', start)
  try {
    return await executeWorkflow(client, workflowId, inputs, {
      ...options,
      signal: controller.signal,
      // `request` resolves the headers at the start of each attempt.
      async headers() {
        const given = await (typeof headers === 'function' ? headers() : (headers ?? {}))
        signal.throwIfAborted()
        return given
      },
    })
  } catch (error) {
    throw signal.aborted ? toError(error) : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', start)
  }
}
