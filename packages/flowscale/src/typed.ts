import type { InputsOf } from '@flowscale/client'
import type { RunResult } from '@flowscale/client/poller'
import type { InputsFor, TypedResult, TypedWorkflow } from '@flowscale/client/typed'

/** Any workflow of `defineWorkflow`. */
export type AnyWorkflow = TypedWorkflow<never, string>

// One signature, not overloads: of those the compiler shows each, and not the input that is wrong. The types of `ReturnType`
// and the like, which know no `W`, are those of an id.

/** What a workflow takes, or what the id of one does. */
export type DataFor<W, T> = [W] extends [AnyWorkflow] ? InputsFor<W> : T & InputsOf<T>

/** What a wait on a run of a workflow gives, or on that of an id. */
export type ResultFor<W> = [W] extends [string]
  ? RunResult
  : [W] extends [TypedWorkflow<never, infer O>]
    ? TypedResult<O>
    : RunResult
