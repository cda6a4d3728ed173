export { type RunManyOptions, runMany } from '../typed.ts'
export { defineWorkflow } from './defineWorkflow.ts'
export { nameOutputs } from './nameOutputs.ts'
export { run } from './run.ts'
export { submit } from './submit.ts'
export type {
  InputsFor,
  NamedOutputs,
  Sendable,
  TypedManyResult,
  TypedResult,
  TypedWorkflow,
} from './types.ts'
