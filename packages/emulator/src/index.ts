export type { Dialect, Kind, RunUpdate, Where } from '@flowscale/gateway/http'
export { createEmulator, type Emulator, type EmulatorOptions } from './createEmulator.ts'
export type { Ledger } from './engine/ledger.ts'
export type { EmulatorStats } from './engine/state.ts'
export type { FaultOperation } from './faults/fault.ts'
export type { FaultKind, FaultOptions, FaultRequest } from './faults/table.ts'
export { unpaintedWords } from './painter/index.ts'
export type {
  InputDefinition,
  InputFile,
  InputValue,
  OutputFile,
  RunContext,
  WorkflowDefinition,
  WorkflowInputs,
  WorkflowOutputs,
} from './workflows/types.ts'
