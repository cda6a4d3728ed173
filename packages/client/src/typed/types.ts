import type { ManyResult } from '../poller/many/executeMany.ts'
import type { InputsOf, ResultOutput, RunResult } from '../types.ts'

/** `I` where each of its inputs can be sent: what {@link defineWorkflow} asks of the type of inputs. */
export type Sendable<I> = {
  [K in keyof I]: { it: I[K] } extends InputsOf<{ it: I[K] }> ? I[K] : 'no input: see InputItem'
}

declare const inputs: unique symbol

/** A workflow with the types of its inputs and the names of its outputs, made by {@link defineWorkflow}. */
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
  /** Each declared name with its files: a list, which is empty where the run made none. */
  outputs: NamedOutputs<O>
}

/** What came of one item of {@link runMany}. */
export type TypedManyResult<O extends string> = ManyResult<TypedResult<O>>
