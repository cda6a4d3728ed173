// Exports that only the build of the emulator's command reads: no package publishes them.
export { type Command, InvalidArgumentError } from 'commander'
export { listLines, logged, signatureOf, tryLine, withoutKeys } from './command/print.ts'
export { type Log, runServer, type Started } from './command/runServer.ts'
export {
  addServerFlags,
  collect,
  ServerCommand,
  type ServerFlags,
  wholeNumber,
} from './command/serverCommand.ts'
