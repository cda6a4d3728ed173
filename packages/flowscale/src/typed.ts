import type { InputsOf } from '@flowscale/client'
import type { RunResult } from '@flowscale/client/poller'
import type { InputsFor, TypedResult, TypedWorkflow } from '@flowscale/client/typed'

/** Any workflow of `defineWorkflow`. */
export type AnyWorkflow = TypedWorkflow<never, string>

// One signature, not overloads: for overloads the compiler lists each signature, and not the wrong input. Without a `W`, as
// in `ReturnType`, the types are those of an id.

/** The inputs of a workflow, or of the id of a workflow. */
export type DataFor<W, T> = [W] extends [AnyWorkflow] ? InputsFor<W> : T & InputsOf<T>

/** The result of a wait for a run of a workflow, or of an id. */
export type ResultFor<W> = [W] extends [string]
  ? RunResult
  : [W] extends [TypedWorkflow<never, infer O>]
    ? TypedResult<O>
    : RunResult
