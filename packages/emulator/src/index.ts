export { createEmulator } from './createEmulator.ts'
export type { FaultKind, FaultOperation, FaultOptions, FaultRequest } from './faults/types.ts'
export type {
  Dialect,
  Emulator,
  EmulatorOptions,
  EmulatorStats,
  InputDefinition,
  InputFile,
  InputValue,
  Kind,
  Ledger,
  RunContext,
  RunUpdate,
  Where,
  WorkflowDefinition,
  WorkflowInputs,
  WorkflowOutputs,
} from './types.ts'
