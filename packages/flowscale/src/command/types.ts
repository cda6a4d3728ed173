import type { Client } from '@flowscale/client'
import type { Output } from './terminal/printer.ts'

/** What a flag says. */
export type FlagValue = string | boolean | undefined

/** One call of the command. */
export interface Call {
  /** The arguments after the verb, without flags. */
  readonly args: readonly string[]
  /** By the long name of each flag, in camelCase. */
  readonly flags: Readonly<Record<string, FlagValue>>
  readonly output: Output
  /** Aborted by Ctrl-C or SIGTERM. Its reason is an {@link Interrupted}. */
  readonly signal: AbortSignal
  /** A client with the address and key of the settings. Ask for it when the call is known to be right: it may throw. */
  readonly client: Client
}

/** What a verb does. What it throws is reported, and decides the exit code. */
export type Verb = (call: Call) => Promise<void>

export interface Flag {
  /** As `-o, --output <dir>`. */
  readonly form: string
  readonly about: string
}

/** How a verb is called. */
export interface VerbEntry {
  readonly name: string
  /** In the list of verbs. */
  readonly summary: string
  /** As `<workflow> [inputs...]`. */
  readonly args?: string
  readonly flags?: readonly Flag[]
  /** Further help, shown before the examples. */
  readonly details?: string
  readonly examples: readonly string[]
  /** Needs no address and no key. */
  readonly isLocal?: true
  /** Goes on when stdout is closed: it writes files, or changes runs. */
  readonly goesOn?: true
  load(): Promise<Verb>
}
