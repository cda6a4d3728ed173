// The built command as a process.
import { resolve } from 'node:path'
import { type Ended, type Options, type Started, startProgram } from '../support/startCli.ts'
import { commandInTerminal, type InTerminal, type TerminalOptions } from './startInTerminal.ts'

export type { Ended } from '../support/startCli.ts'
export { hasTerminals, type InTerminal } from './startInTerminal.ts'

export const bin = resolve('packages/flowscale/bin/flowscale.js')

/** Starts `flowscale` with no terminal. */
export const start = (args: readonly string[], options?: Options): Started =>
  startProgram(process.execPath, [bin, ...args], options)

/** Runs `flowscale` to its end. What it says after 2 s without an answer is left out: a busy machine may be that slow. */
export async function flowscale(args: readonly string[], options?: Options): Promise<Ended> {
  const ended = await start(args, options).ended
  return { ...ended, stderr: ended.stderr.replace(/^Waiting for \S+ to answer\.\n/gm, '') }
}

/** Starts `flowscale` in a real terminal. Only where {@link hasTerminals}. */
export const startInTerminal = (args: readonly string[], options?: TerminalOptions): InTerminal =>
  commandInTerminal([process.execPath, bin, ...args], options)
