// The entry `./internal/node`: what the commands of the gateway and the emulator share. It may change with each version.
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
