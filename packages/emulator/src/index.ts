export type { Dialect, Kind, RunUpdate, Where } from '@flowscale/gateway/face'
export { createEmulator } from './createEmulator.ts'
export type { FaultOperation } from './faults/fault.ts'
export type { FaultKind, FaultOptions, FaultRequest } from './faults/types.ts'
export { unpaintedWords } from './painter/index.ts'
export type {
  Emulator,
  EmulatorOptions,
  EmulatorStats,
  InputDefinition,
  InputFile,
  InputValue,
  Ledger,
  OutputFile,
  RunContext,
  WorkflowDefinition,
  WorkflowInputs,
  WorkflowOutputs,
} from './types.ts'
