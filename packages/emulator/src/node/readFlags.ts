import { type Flags as CommonFlags, parseFlags, wholeFlag } from '@flowscale/gateway/node'
import type { EmulatorOptions } from '../types.ts'

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
