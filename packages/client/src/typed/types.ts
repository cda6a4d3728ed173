declare const inputs: unique symbol

/** A workflow with the types of its inputs and the names of its outputs, made by {@link defineWorkflow}. */
export interface TypedWorkflow<I extends object, O extends string> {
  readonly id: string
  readonly outputNames: readonly O[]
  /** @internal */
  readonly [inputs]?: (inputs: I) => void
}
