import {
  type Client,
  type Envelope,
  getWorkflows,
  parseWorkflow,
  type Workflow,
  type WorkflowKind,
} from '@flowscale/client'
import leven from 'leven'
import { isMissing } from './describeError.ts'
import { CommandError, usageError } from './errors.ts'
import { commandName } from './program.ts'

/** The workflow with this id, or else with this name. `undefined`: the server lists none (404), so the word is an id. */
export async function findWorkflow(
  client: Client,
  word: string,
  signal: AbortSignal,
): Promise<Workflow | undefined> {
  try {
    return pickWorkflow(await getWorkflows(client, { signal }), word)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/**
 * The workflow with this id, or else with this name. The error names similar ones, or several with the same name, or gives
 * the gateway's reason why this one can't run.
 */
export function pickWorkflow({ data: all, meta }: Envelope<Workflow[]>, word: string): Workflow {
  const named = all.filter(({ name }) => name === word)
  const found = all.find(({ id }) => id === word) ?? (named.length === 1 ? named[0] : undefined)
  if (found) return found
  const { problem } = Object([meta?.problems].flat().find((one) => Object(one).id === word))
  if (typeof problem === 'string')
    throw usageError(`Workflow "${word}" can't run: ${problem.replace(/[^.?]$/, '$&.')}`)
  const several = named.map(({ id }) => id).join(', ')
  throw new CommandError(
    'notFound',
    several
      ? `Several workflows are named "${word}": use an id, ${several}.`
      : `There is no workflow "${word}".${suggest(
          word,
          all.flatMap(({ id, name }) => [id, name]),
        )} "${commandName} workflows" lists them.`,
  )
}

/** `Did you mean "text_51536"?`, with a space before it, if one of `known` is near to the word; else nothing. */
export function suggest(word: string, known: Iterable<string>): string {
  const near = [...known]
    .map((name) => ({ name, distance: leven(word.toLowerCase(), name.toLowerCase()) }))
    .filter(
      ({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(word.length, name.length) * 0.4)),
    )
    .sort((a, b) => a.distance - b.distance)[0]
  return near ? ` Did you mean "${near.name}"?` : ''
}

/** The kinds of a workflow's inputs or outputs. An error is the server's fault. */
export function readKinds(workflow: Workflow, field: 'inputs' | 'outputs'): Record<string, WorkflowKind> {
  try {
    return parseWorkflow({ inputs: {}, outputs: {}, [field]: workflow[field] })[field]
  } catch (error) {
    const { id, name } = workflow
    const { message } = error as Error
    throw new CommandError('failed', `Workflow "${name || id}" (${id}) can't be read: ${message}.`)
  }
}

/** Whether an input of this kind takes a file. */
export const isFileKind = (kind: WorkflowKind): boolean =>
  kind === 'image' || kind === 'video' || kind === 'audio' || kind === 'file'

export type Scalar = string | number | boolean

/** The details of an input, in addition to its kind. */
export interface InputDetails {
  /** `null`: the server does not say. */
  readonly required: boolean | null
  /** Takes several values. */
  readonly array?: boolean
  readonly default?: Scalar
  readonly min?: number
  readonly max?: number
  readonly integer?: boolean
  readonly options?: readonly Scalar[]
  readonly description?: string
}

/** An input with its details. */
export interface InputSpec extends InputDetails {
  readonly kind: WorkflowKind
}

/** The inputs of a workflow by name, with their kinds and details. */
export function readSpecs(workflow: Workflow): Map<string, InputSpec> {
  return new Map(
    Object.entries(readKinds(workflow, 'inputs')).map(([name, kind]) => [
      name,
      { kind, ...readDetails(workflow.input_details, name) },
    ]),
  )
}

/**
 * The details of an input, from the field `input_details` of its workflow. The server leaves out usual values there. If
 * the field lacks the input, nothing is known about it. Fields of a wrong type are ignored.
 */
function readDetails(all: unknown, name: string): InputDetails {
  const known = isRecord(all) && Object.hasOwn(all, name) ? all[name] : undefined
  if (!isRecord(known)) return { required: null }
  const { required, array, default: preset, min, max, integer, options, description } = known
  return {
    required: required !== false && !isScalar(preset),
    ...(array === true && { array }),
    ...(isScalar(preset) && { default: preset }),
    ...(isNumber(min) && { min }),
    ...(isNumber(max) && { max }),
    ...(integer === true && { integer }),
    ...(isChoices(options) && { options: [...new Set(options)] }),
    ...(typeof description === 'string' && description.trim() && { description }),
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isNumber = (value: unknown): value is number => Number.isFinite(value)

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || isNumber(value) || typeof value === 'boolean'

const isChoices = (value: unknown): value is Scalar[] =>
  Array.isArray(value) && value.length > 0 && value.every(isScalar)
