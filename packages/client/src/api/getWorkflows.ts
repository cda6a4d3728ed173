import { request } from '../internal/request.ts'
import { each, text } from '../run.ts'
import type { Client, Envelope, RequestOptions, Workflow } from '../types.ts'

/**
 * Lists the deployed workflows. `data` is an array on every server. Read the inputs and outputs with
 * {@link parseWorkflow}.
 *
 * @throws {@link ArgumentError}, {@link NetworkError}, {@link TimeoutError}, {@link HttpError} (404 on servers
 * without this endpoint), {@link RedirectError}, {@link ResponseError}
 *
 * @example
 * ```ts
 * const { data } = await getWorkflows(client)
 * for (const workflow of data) console.log(workflow.id, workflow.name, parseWorkflow(workflow).inputs)
 * ```
 */
export async function getWorkflows(
  client: Client,
  options: RequestOptions = {},
): Promise<Envelope<Workflow[]>> {
  return request(client, 'comfy/workflows', {
    options,
    parseData: (data) =>
      each<Workflow>(Object(data).workflows ?? data, (item) => ({
        id: text(item.id, item.workflow_id),
        name: text(item.name),
        description: text(item.description),
        inputs: item.inputs ?? {},
        outputs: item.outputs ?? {},
      })),
  })
}
