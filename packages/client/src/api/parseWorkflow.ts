import { ArgumentError } from '../errors.ts'
import { isObject, text } from '../internal/data.ts'
import type { Workflow, WorkflowKind } from '../types.ts'

/** Inputs and outputs of a workflow: what each name is. */
export interface ParsedWorkflow {
  inputs: Record<string, WorkflowKind>
  outputs: Record<string, WorkflowKind>
}

const kinds: Readonly<Record<string, WorkflowKind>> = {
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
}

/**
 * Reads the inputs and outputs of a workflow, whether the server gives them as a JSON string, as an object or
 * as a list of names. A kind that is not known, or not told, is `'unknown'`.
 *
 * @throws {@link ArgumentError} for JSON that can't be read.
 *
 * @example
 * ```ts
 * parseWorkflow({ inputs: '{ "text_51536": "string" }', outputs: '{ "image_output": "image" }' })
 * // { inputs: { text_51536: 'string' }, outputs: { image_output: 'image' } }
 * ```
 */
export function parseWorkflow(workflow: Pick<Workflow, 'inputs' | 'outputs'>): ParsedWorkflow {
  if (!isObject(workflow)) throw new ArgumentError('workflow must be an object, as getWorkflows gives it')
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
  // An item of a list that has no name is no input.
  const entries: [string, unknown][] = Array.isArray(named)
    ? named
        .map((item): [string, unknown] =>
          isObject(item) ? [text(item.name || item.path), item] : [text(item), undefined],
        )
        .filter(([name]) => name)
    : isObject(named)
      ? Object.entries(named)
      : []
  return Object.fromEntries(entries.map(([name, kind]) => [name, readKind(kind)]))
}

function readKind(told: unknown): WorkflowKind {
  const word = String(isObject(told) ? (told.type ?? told.kind) : told).toLowerCase()
  return Object.hasOwn(kinds, word) ? kinds[word]! : 'unknown'
}
