import type { Inputs } from '../types.ts'
import type { TypedWorkflow } from './types.ts'

/** Scaffold. */
export function defineWorkflow<I extends object = Inputs, O extends string = string>(
  id: string,
  outputNames: readonly O[],
): TypedWorkflow<I, O> {
  return Object.freeze({ id, outputNames: Object.freeze([...outputNames]) })
}
