// The flags and errors that the commands of all servers have.
import { Command, type ErrorOptions, InvalidArgumentError, Option } from 'commander'
import { isKey } from '../http/access.ts'
import { DIALECTS, type Dialect } from '../http/operations.ts'
import { MOST_PORT } from '../rules.ts'

export interface ServerFlags {
  readonly port: number
  readonly host: string
  readonly apiKey?: string
  readonly dialect: Dialect
  readonly json?: true
  /** Only the gateway has this flag. */
  readonly log?: 'text' | 'json'
}

/** An error in the command line. Its exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The flag of each option whose flag has another name. */
const NAMES: Readonly<Record<string, string>> = {
  'comfyui urls': 'comfyui',
  'redisQueue url': 'redis',
  's3Files url': 'files',
}

/** Makes something from flags. The `TypeError` of a wrong option becomes an error in the command line, about its flag. */
export function fromFlags<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(
      error.message.replace(/^(\w+): option "(\w+)(?:\[\d+\])?"/, (all, maker: string, name: string) => {
        const own = maker === 'createGateway' ? name.replace(/[A-Z]/g, '-$&').toLowerCase() : undefined
        const flag = NAMES[`${maker} ${name}`] ?? own
        return flag === undefined ? all : `--${flag}`
      }),
    )
  }
}

/** A command of commander whose errors are thrown, and show no value that may be a key. */
export class ServerCommand extends Command {
  constructor(name?: string) {
    super(name)
    this.helpOption('-h, --help', 'show this help').helpCommand(false).exitOverride()
    this.configureHelp({ optionTerm: ({ short, flags }) => (short ? flags : `    ${flags}`) })
  }

  override createCommand(name?: string): Command {
    return new ServerCommand(name)
  }

  /** Refuses a value that was left out: `--api-key --json` would make a key of the flag. */
  override addOption(option: Option): this {
    // Added before commander's own listener, which reads the value.
    if (option.required) this.on(`option:${option.name()}`, (value: string) => this.checkValue(option, value))
    return super.addOption(option)
  }

  private checkValue({ flags }: Option, value: string): void {
    if (value === '') this.error(`option '${flags}' argument is empty`)
    const isFlag = this.createHelp()
      .visibleOptions(this)
      .some(({ short, long }) => value === short || value === long)
    if (isFlag) this.error(`option '${flags}' argument missing`)
  }

  /** Called if a subcommand is missing. If this printed the help, a script with an empty variable would succeed. */
  override help(): never {
    return this.error(`missing command. ${this.advice} lists the commands.`)
  }

  private get advice(): string {
    const names = [this.name()]
    for (let { parent } = this as Command; parent; parent = parent.parent) names.unshift(parent.name())
    return `"${names.join(' ')} --help"`
  }

  override error(message: string, { code }: ErrorOptions = {}): never {
    const problem = message.replace(/^error: /, '').replace(/(?<!\s)\s*\n\s*/g, ' ')
    // The rest of a misspelt `--api-key=…` is a key.
    if (code === 'commander.unknownOption') {
      const named = problem.replace(/'(--?api-?key|[\w-]*).*'/is, "'$1'")
      throw new UsageError(named.endsWith('?)') ? named : `${named}. ${this.advice} lists the flags.`)
    }
    if (code === 'commander.unknownCommand' && !problem.endsWith('?)')) {
      const names = this.commands.map((command) => command.name()).join(', ')
      throw new UsageError(`${problem}. The commands are: ${names}`)
    }
    const isCount = code === 'commander.missingArgument' || code === 'commander.excessArguments'
    const usage = `. Usage: ${this.createHelp().commandUsage(this)}`
    throw new UsageError(isCount ? problem.replace(/\.?$/, usage) : problem)
  }
}

/** Adds the flags of every server. In the help, `apiKey` is the default key, and `firstLine` the line that `--json` prints. */
export function addServerFlags(
  command: Command,
  { apiKey, firstLine }: { apiKey: string; firstLine: string },
): Command {
  return command
    .option('--port <n>', 'port; 0 takes any free one', wholeNumber(0, MOST_PORT), 4188)
    .option('--host <name>', 'address to listen on', '127.0.0.1')
    .option('--api-key <key>', `the key for requests (default: ${apiKey})`, readKey)
    .addOption(new Option('--dialect <name>', 'the form of the API').choices(DIALECTS).default('readme'))
    .option('--json', `first line on stdout ${firstLine}, logs on stderr`)
}

// commander would print the value of an `InvalidArgumentError`.
export function readKey(text: string): string {
  if (isKey(text)) return text
  throw new UsageError('The key must be visible ASCII characters without spaces.')
}

export function toGateway(text: string): string {
  if (/^https?:\/\/[^/?#@]+\/?$/i.test(text) && URL.canParse(text)) return new URL(text).origin
  throw new UsageError('--gateway must be an address without a path, such as https://gpu.example.com.')
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= least && number <= most) return number
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}

/** Reads a flag that may be given several times. */
export const collect =
  (read = (text: string): string => text) =>
  (text: string, before: readonly string[] = []): readonly string[] => [...before, read(text)]
