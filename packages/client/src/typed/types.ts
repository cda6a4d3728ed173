import type { ManyResult } from '../poller/executeMany.ts'
import type { InputsOf, ResultOutput, RunResult } from '../types.ts'

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
