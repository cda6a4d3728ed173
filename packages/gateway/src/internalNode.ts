// The entry `./internal/node`: what the commands of the gateway and the emulator share. It may change with each version.
export { type Flags, type OwnFlags, parseFlags, wholeFlag } from './command/flags.ts'
export { logged, reportFailure, signatureOf, tryLine } from './command/print.ts'
