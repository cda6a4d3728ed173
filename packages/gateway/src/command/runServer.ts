// Runs a server as a command, from its flags to Ctrl-C.
import { readFileSync } from 'node:fs'
import { type Command, CommanderError } from 'commander'
import { clean, cleanJson } from '../clean.ts'
import type { ListenError } from '../node/serve.ts'
import { type ServerFlags, UsageError } from './serverCommand.ts'

export interface Started {
  /** The first line of stdout by `--json`. */
  readonly facts: object
  /** The first text on stdout without `--json`. */
  readonly banner: string
  /** Log lines after the banner or the facts. */
  readonly notes?: readonly string[] | undefined
  stop(): Promise<void>
}

/** Prints a line: on stdout, or by `--json` on stderr. With `--log json` it is an object that also has the fields. */
export type Log = (line: string, fields?: Readonly<Record<string, unknown>>) => void

/**
 * Reads the command line and starts a server, which Ctrl-C or SIGTERM stops. A failure is one sentence on stderr, with the
 * exit code 2 for an error in the command line, and 1 for any other.
 *
 * @param manifest The package.json with the version of the command.
 */
export async function runServer<Flags extends ServerFlags>(
  command: Command,
  manifest: URL,
  start: (flags: Flags, log: Log) => Promise<Started>,
): Promise<void> {
  // A reader that has gone away (`| head -1`) must not end the server.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})

  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  command.version(version, '-v, --version', 'show the version').action(async (flags: Flags) => {
    const log: Log = (line, fields) => {
      const text = flags.log === 'json' ? jsonLine(line, fields) : clean(line)
      ;(flags.json ? process.stderr : process.stdout).write(`${text}\n`)
    }
    const { facts, banner, notes = [], stop } = await start(flags, log)
    onSignal(() => void stop().catch((error) => reportFailure(command.name(), error)))
    if (flags.json) process.stdout.write(`${cleanJson(JSON.stringify(facts))}\n`)
    // A log goes to many places, where no key belongs.
    else if (flags.log === 'json')
      log('The gateway is running', { ...facts, apiKey: undefined, workerKey: undefined })
    else process.stdout.write(banner)
    for (const note of notes) log(note)
  })
  try {
    await command.parseAsync(process.argv.slice(2), { from: 'user' })
  } catch (error) {
    // The only errors of commander itself say that the help or the version was printed.
    if (!(error instanceof CommanderError)) reportFailure(command.name(), error)
  }
}

const jsonLine = (message: string, fields: object = {}): string =>
  cleanJson(JSON.stringify({ time: new Date().toISOString(), level: 'info', message, ...fields }))

/** The first Ctrl-C or SIGTERM stops the command. The second ends the process at once, as no listener is left. */
export function onSignal(stop: () => void): void {
  const listener = (): void => {
    process.off('SIGINT', listener).off('SIGTERM', listener)
    stop()
  }
  process.on('SIGINT', listener).on('SIGTERM', listener)
}

/** The advice for an address that can't be used, by the error code of the system. */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Choose another port with --port',
  EACCES: 'Choose a port above 1023 with --port',
  EADDRNOTAVAIL: 'Correct --host',
  ENOTFOUND: 'Correct --host',
}

function reportFailure(name: string, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  const { code = '', port } = error as ListenError
  const advice = port === undefined ? undefined : ADVICE[code]
  process.stderr.write(`${name}: ${clean(message)}${advice ? `. ${advice}.` : ''}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
