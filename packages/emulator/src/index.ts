export { createEmulator } from './createEmulator.ts'
export type {
  Dialect,
  Emulator,
  EmulatorOptions,
  EmulatorStats,
  InputDefinition,
  InputFile,
  InputValue,
  Kind,
  RunContext,
  RunUpdate,
  Where,
  WorkflowDefinition,
  WorkflowInputs,
  WorkflowOutputs,
} from './types.ts'
