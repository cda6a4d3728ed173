import { ArgumentError } from '../errors.ts'
import { request } from '../internal/request.ts'
import { asText, isObject, mapItems } from '../internal/values.ts'
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
      mapItems<Workflow>(Object(data).workflows ?? data, (item) => ({
        id: asText(item.id, item.workflow_id),
        name: asText(item.name),
        description: asText(item.description),
        inputs: item.inputs ?? {},
        outputs: item.outputs ?? {},
      })),
  })
}

/** The inputs and outputs of a workflow: the kind of each name. */
export interface ParsedWorkflow {
  inputs: Record<string, WorkflowKind>
  outputs: Record<string, WorkflowKind>
}

/** The words of servers for a kind. */
const kinds = {
  string: 'string',
  text: 'string',
  str: 'string',
  number: 'number',
  integer: 'number',
  int: 'number',
  float: 'number',
  boolean: 'boolean',
  bool: 'boolean',
  image: 'image',
  video: 'video',
  audio: 'audio',
  file: 'file',
} as const

/** The kind of an input or output. */
export type WorkflowKind = (typeof kinds)[keyof typeof kinds] | 'unknown'

/**
 * Reads the inputs and outputs of a workflow. The server may send them as a JSON string, an object or a list of
 * names. An unknown or missing kind becomes `'unknown'`.
 *
 * @throws {@link ArgumentError} if the JSON can't be read.
 *
 * @example
 * ```ts
 * parseWorkflow({ inputs: '{ "text_51536": "string" }', outputs: '{ "image_output": "image" }' })
 * // { inputs: { text_51536: 'string' }, outputs: { image_output: 'image' } }
 * ```
 */
export function parseWorkflow(workflow: Pick<Workflow, 'inputs' | 'outputs'>): ParsedWorkflow {
  if (!isObject(workflow)) throw new ArgumentError('workflow must be an object of getWorkflows')
  return { inputs: parseKinds('inputs', workflow.inputs), outputs: parseKinds('outputs', workflow.outputs) }
}

function parseKinds(field: string, given: unknown): Record<string, WorkflowKind> {
  let named = given ?? {}
  if (typeof named === 'string') {
    try {
      named = JSON.parse(named)
    } catch (cause) {
      throw new ArgumentError(`workflow.${field} is not valid JSON`, { cause })
    }
  }
  // A list may have items without a name, which are no inputs.
  const entries: [string, unknown][] = Array.isArray(named)
    ? named
        .map((item): [string, unknown] =>
          isObject(item) ? [asText(item.name || item.path), item] : [asText(item), undefined],
        )
        .filter(([name]) => name)
    : isObject(named)
      ? Object.entries(named)
      : []
  return Object.fromEntries(entries.map(([name, kind]) => [name, readKind(kind)]))
}

function readKind(told: unknown): WorkflowKind {
  const word = String(isObject(told) ? (told.type ?? told.kind) : told).toLowerCase()
  return Object.hasOwn(kinds, word) ? kinds[word as keyof typeof kinds] : 'unknown'
}
