import { type Flags as CommonFlags, parseFlags, wholeFlag } from '@flowscale/gateway/internal/node'
import type { EmulatorOptions } from '../createEmulator.ts'
import { describeFaults } from '../faults/table.ts'

interface Flags extends Pick<CommonFlags, 'port' | 'hostname' | 'json' | 'help' | 'version'> {
  /** Paths of the user's own workflows. */
  workflows: readonly string[]
  options: EmulatorOptions
}

/** Reads the flags. A wrong one is an error of one clear sentence. */
export function readFlags(args: string[]): Flags {
  const { apiKey, dialect, own, ...flags } = parseFlags(args, {
    containers: 'string',
    speed: 'string',
    chaos: 'string',
    workflows: 'strings',
  })
  return {
    ...flags,
    workflows: own.workflows ?? [],
    options: {
      apiKey,
      dialect,
      containers: wholeFlag('containers', own.containers, 2, 1, 100),
      speed: positive('speed', own.speed, 1),
      faults: chaos(own.chaos),
    },
  }
}

function chaos(text: string | undefined): EmulatorOptions['faults'] {
  if (text === undefined) return undefined
  return { seed: wholeFlag('chaos', text, 0, 0, Number.MAX_SAFE_INTEGER), chance: 0.1 }
}

function positive(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value > 0) return value
  throw new Error(`--${name} must be a number above 0, got "${text}".`)
}

export function help(): string {
  const faults = describeFaults()
    .map(({ kind, text }) => `  ${kind.padEnd(18)} ${text.replaceAll('`', '')}`)
    .join('\n')
  return `flowscale-emulator: a local FlowScale

Usage: flowscale-emulator [options]

  --port <n>         port of the API (default: 4188); 0 takes any free port
                     the files have the next free port
  --host <name>      address to listen on (default: 127.0.0.1)
  --api-key <key>    the key for requests (default: fsk_local_demo_key)
  --containers <n>   how many runs go at the same time (default: 2)
  --speed <n>        divides every duration; Infinity removes every wait (default: 1)
  --dialect <name>   readme, openapi or python (default: readme)
  --chaos <seed>     one request in ten meets a random fault of the list below; the same seed
                     and the same requests give the same faults
  --workflows <path> your own workflows: a module (.js, .mjs, .ts), a file that you saved in
                     ComfyUI by "Export (API)", or a folder of such files; repeatable
  --json             first line on stdout {"url","filesUrl","apiKey"}, logs on stderr
  --help             print this
  --version          print the version

Faults of --chaos

${faults}
`
}
