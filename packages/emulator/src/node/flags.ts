import {
  addServerFlags,
  type Command,
  collect,
  InvalidArgumentError,
  ServerCommand,
  type ServerFlags,
  wholeNumber,
} from '../../../gateway/src/internalNode.ts'
import { describeFaults } from '../faults/table.ts'

/** The flags of the emulator. */
export interface EmulatorFlags extends ServerFlags {
  readonly containers: number
  readonly speed: number
  readonly chaos?: number
  /** Paths of the user's own workflows. */
  readonly workflows?: readonly string[]
}

/** The command `flowscale-emulator`, without its action. */
export function createProgram(): Command {
  const command = new ServerCommand('flowscale-emulator')
    .description('The API of FlowScale on your machine. The files have the next free port after --port.')
    .option(
      '--workflows <path>',
      'your own workflows: a module (.js, .mjs, .ts), a file saved in ComfyUI by "Export (API)", or a folder of such files; repeat the flag for several',
      collect(),
    )
    .option('--containers <n>', 'how many runs go at the same time', wholeNumber(1, 100), 2)
    .option('--speed <n>', 'divides every duration; Infinity removes every wait', readSpeed, 1)
    .option(
      '--chaos <seed>',
      'one request in ten meets a random fault of the list below; the same seed and the same requests give the same faults',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
  return addServerFlags(command, {
    apiKey: 'fsk_local_demo_key',
    firstLine: '{"url","filesUrl","apiKey"}',
  }).addHelpText('after', listFaults)
}

function readSpeed(text: string): number {
  const speed = Number(text)
  if (speed > 0) return speed
  throw new InvalidArgumentError('It must be a number above 0.')
}

function listFaults(): string {
  const lines = describeFaults().map(({ kind, text }) => `  ${kind.padEnd(18)} ${text.replaceAll('`', '')}`)
  return `\nFaults of --chaos:\n${lines.join('\n')}`
}
