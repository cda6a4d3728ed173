import { type ExecuteOptions, executeWorkflow } from './api/executeWorkflow.ts'
import type { Inputs, InputsOf } from './inputs.ts'
import { check, isId } from './internal/options.ts'
import { type ExecuteManyOptions, executeMany, type ManyResult } from './poller/executeMany.ts'
import { type ExecuteAsyncOptions, executeWorkflowAsync } from './poller/executeWorkflowAsync.ts'
import { sortOutputs } from './run.ts'
import type { Client, Envelope, Execution, ResultOutput, RunResult } from './types.ts'

/** `I`, if all its inputs can be sent. {@link defineWorkflow} requires that. */
export type Sendable<I> = {
  [K in keyof I]: { it: I[K] } extends InputsOf<{ it: I[K] }> ? I[K] : 'no input: see InputItem'
}

declare const inputs: unique symbol

/** A workflow of {@link defineWorkflow}, with the types of its inputs and the names of its outputs. */
export interface TypedWorkflow<I, O extends string> {
  readonly id: string
  readonly outputNames: readonly O[]
  /** @internal */
  readonly [inputs]?: (inputs: I) => void
}

/** The type of the inputs of a workflow: `InputsFor<typeof textToImage>`. */
export type InputsFor<W extends TypedWorkflow<never, string>> =
  W extends TypedWorkflow<infer I, string> ? I : never

/** Output files by the name of their output. */
export type NamedOutputs<O extends string> = { [K in O]: ResultOutput[] }

/** The result of a run with its outputs by name. */
export interface TypedResult<O extends string> extends Omit<RunResult, 'outputs'> {
  /** The files by declared name. A list is empty if the run made no such file. */
  outputs: NamedOutputs<O>
}

/** The result of one item of {@link runMany}. */
export type TypedManyResult<O extends string> = ManyResult<TypedResult<O>>

/**
 * Gives a workflow the types of its inputs and the names of its outputs, for {@link run}, {@link submit} and
 * {@link runMany}. Pass both type arguments, with all names of `outputNames` in the second one. Without type arguments it
 * accepts any {@link Inputs}.
 *
 * With several outputs, the name of each file must be one of `outputNames`, or start with one and a `_`, `.` or `-`.
 *
 * @throws {@link ArgumentError} if `id` is illegal, or if a name is empty or comes twice.
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow<{ text_51536: string; seed?: number }, 'image_output'>(
 *   'bncu0a1kipv',
 *   ['image_output'],
 * )
 * const { outputs } = await run(client, textToImage, { text_51536: 'a red fox' })
 * console.log(outputs.image_output[0]?.download_url)
 * ```
 */
export function defineWorkflow<
  I extends object & Sendable<I> = Inputs,
  O extends string = 'name the outputs in a second type argument',
>(id: string, outputNames: readonly O[]): TypedWorkflow<I, O> {
  check('id', id, isId)
  check('outputNames', outputNames, (names) => areNames(names) || 'an array of different, non-empty names')
  return Object.freeze({ id, outputNames: Object.freeze([...outputNames]) })
}

/**
 * Like {@link executeWorkflowAsync}, for a workflow of {@link defineWorkflow}. The compiler checks the inputs, and
 * `outputs` are sorted by name, as by {@link nameOutputs}.
 *
 * @throws the errors of {@link executeWorkflowAsync}. Pass the result of `error.resume()` to {@link nameOutputs}.
 * {@link ResponseError} with `runId` and `result` if an output fits none of several names.
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow<{ text_51536: string }, 'image_output'>('bncu0a1kipv', ['image_output'])
 * const { outputs, runId } = await run(client, textToImage, { text_51536: 'a red fox' }, { timeoutMs: 60_000 })
 * console.log(runId, outputs.image_output[0]?.download_url)
 * ```
 */
export async function run<I, O extends string>(
  client: Client,
  workflow: TypedWorkflow<I, O>,
  // With `& {}` the compiler infers `I` from the workflow alone.
  inputs: I & {},
  options?: ExecuteAsyncOptions,
): Promise<TypedResult<O>> {
  checkWorkflow(workflow)
  return nameOutputs(
    workflow,
    await executeWorkflowAsync(client, workflow.id, inputs as object as Inputs, options),
  )
}

/**
 * Like {@link executeWorkflow}, for a workflow of {@link defineWorkflow}. It submits a run and does not wait for it. Pass
 * the result of a later wait to {@link nameOutputs}.
 *
 * @throws the errors of {@link executeWorkflow}
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow<{ text_51536: string }, 'image_output'>('bncu0a1kipv', ['image_output'])
 * const { data } = await submit(client, textToImage, { text_51536: 'a red fox' }, { groupId: 'foxes' })
 * const { outputs } = nameOutputs(textToImage, await waitForResult(client, data.run_id))
 * console.log(outputs.image_output)
 * ```
 */
export async function submit<I, O extends string>(
  client: Client,
  workflow: TypedWorkflow<I, O>,
  inputs: I & {},
  options?: ExecuteOptions,
): Promise<Envelope<Execution>> {
  checkWorkflow(workflow)
  return executeWorkflow(client, workflow.id, inputs as object as Inputs, options)
}

/** Options of {@link runMany}. */
export interface RunManyOptions<O extends string> extends Omit<ExecuteManyOptions, 'onResult'> {
  /** Called with each item when it ends. */
  onResult?: ((result: TypedManyResult<O>) => unknown) | undefined
}

/**
 * Like {@link executeMany}, for a workflow of {@link defineWorkflow}. Each fulfilled result has its outputs by name. An
 * item with an output that fits no name is rejected with a {@link ResponseError} with `runId` and `result`.
 *
 * @throws the errors of {@link executeMany}
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow<{ text_51536: string }, 'image_output'>('bncu0a1kipv', ['image_output'])
 * const results = await runMany(client, textToImage, [{ text_51536: 'dawn' }, { text_51536: 'dusk' }])
 * for (const result of results)
 *   if (result.status === 'fulfilled') console.log(result.value.outputs.image_output[0]?.download_url)
 * ```
 */
export async function runMany<I, O extends string>(
  client: Client,
  workflow: TypedWorkflow<I, O>,
  inputsList: readonly (I & {})[],
  options?: RunManyOptions<O>,
): Promise<TypedManyResult<O>[]> {
  checkWorkflow(workflow)
  const toValue = (result: RunResult) => nameOutputs(workflow, result)
  const execute = executeMany as (...all: readonly unknown[]) => Promise<unknown>
  return (await execute(client, workflow.id, inputsList, options, toValue)) as TypedManyResult<O>[]
}

/**
 * Sorts the outputs of a result by name, for results of `waitForResult`, `error.resume()` and `executeMany`.
 * {@link run} and {@link runMany} do it themselves.
 *
 * With one declared name, all outputs belong to it. With several, an output belongs to the longest name that is the name
 * of its file, or that its file starts with, followed by `_`, `.` or `-`.
 *
 * @throws {@link ResponseError} with `runId` and `result` if an output fits none of several names; {@link ArgumentError}
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow('bncu0a1kipv', ['image_output'])
 * const { outputs } = nameOutputs(textToImage, await waitForResult(client, runId))
 * console.log(outputs.image_output)
 * ```
 */
export function nameOutputs<O extends string>(
  workflow: TypedWorkflow<never, O>,
  result: RunResult,
): TypedResult<O> {
  checkWorkflow(workflow)
  check('result', result, (value) => Array.isArray(value?.outputs) || 'the result of a run')
  return { ...result, outputs: sortOutputs(workflow.outputNames, result) }
}

const areNames = (names: unknown): boolean =>
  Array.isArray(names) &&
  names.every((name) => name && typeof name === 'string') &&
  new Set(names).size === names.length

/**
 * Checks a workflow before a run is paid for, because the outputs of the run need the names of the workflow. The id is checked
 * when it is sent.
 */
const checkWorkflow = (workflow: unknown): void =>
  check('workflow', workflow, (value) => areNames(value?.outputNames) || 'made by defineWorkflow')
