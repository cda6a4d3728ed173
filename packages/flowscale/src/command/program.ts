import type { Client } from '@flowscale/client'
import { Argument, Command, type ErrorOptions, Help, InvalidArgumentError, Option } from 'commander'
import type { Settings } from './connect.ts'
import { usageError } from './errors.ts'
import type { Printer } from './terminal/printer.ts'

/** The flags of all verbs: read, by their long names in camelCase. A flag with a default is always there in its verbs. */
export interface Flags {
  readonly url?: string
  readonly apiKey?: string
  readonly inputs?: string
  readonly output?: string
  readonly group?: string
  readonly webhook?: string
  readonly preview?: true
  /** In seconds. */
  readonly timeout?: number
  readonly detach?: true
  readonly cancelOnInterrupt?: true
  readonly concurrency?: number
  readonly retryFailed?: true
  readonly limit?: number
  readonly out?: string
  readonly check?: true
  readonly open?: true
  readonly web?: true
}

/** One call of the command: all that a verb is given. */
export interface Call {
  /** The arguments after the verb, without flags. */
  readonly args: readonly string[]
  readonly flags: Flags
  /** Whether a flag is in the command line, so that its value is not the default. */
  isGiven(flag: keyof Flags): boolean
  readonly print: Printer
  /** Aborted by Ctrl-C or SIGTERM. Its reason is an {@link Interrupted}. */
  readonly signal: AbortSignal
  /** A client with the address and key of the settings. Ask for it when the call is known to be right: it may throw. */
  readonly client: Client
  /** The settings of the client; `undefined` until a verb has read `client`. */
  readonly settings: Settings | undefined
}

/** The work of a verb. An error that it throws is printed, and decides the exit code. */
export type Verb = (call: Call) => Promise<void>

/** The verbs that write files or change runs: they go on when nobody reads stdout any more. */
export const goesOn: ReadonlySet<string> = new Set(['run', 'wait', 'batch', 'download', 'cancel', 'pull'])

/** The verbs that need no address and no key. */
export const isLocal: ReadonlySet<string> = new Set(['completion', '__complete'])

/** The command as the user types it: npx sets this variable for the command that it starts. */
export const commandName: string = process.env.npm_command === 'exec' ? 'npx flowscale' : 'flowscale'

/** The note of the verbs that list containers. */
export const NO_COMFYUI: string =
  'The server has no ComfyUI just now. A gateway with --workers waits until a worker dials in.'

/** The command `flowscale` with all its verbs, in the order of the help. The verbs have no actions yet. */
export function createProgram(): Command {
  const help = new Help()
  const program = new StrictCommand(commandName)
    .description(`Run ComfyUI workflows on FlowScale. "${commandName} help VERB" explains a verb.`)
    .helpCommand(false)
    .helpOption('-h, --help', 'show this help')
    .configureHelp({
      // The global options, too, without a heading and `--help`: the help of a verb fits a window of 24 lines.
      visibleOptions: (verb) =>
        verb.parent ? [...verb.options, ...verb.parent.options] : help.visibleOptions(verb),
      subcommandTerm: (verb) => verb.name(),
      optionTerm: ({ short, flags }) => (short ? flags : `    ${flags}`),
      // A summary is a part of a line in the list of verbs, and a sentence in the help of its verb.
      commandDescription: (verb) =>
        [toSentence(verb.summary()), verb.description()].filter(Boolean).join('\n'),
    })
    .exitOverride()
    .option('--url <url>', 'the address (default: FLOWSCALE_API_URL)')
    .option('--api-key <key>', 'the key (default: FLOWSCALE_API_KEY)')
    .option('--json', 'print JSON, for programs')
    .option('-q, --quiet', 'print results and errors only')
    .addHelpText('after', footer)

  const folder = new Option('-o, --output <dir>', 'the folder for the outputs')
  const cancelOnInterrupt = new Option('--cancel-on-interrupt', 'Ctrl-C cancels the run on the server, too')
  const open = new Option('--open', 'open the saved files, or else their links')
  const web = new Option('--web', 'open the page of the run in a browser')
  const timeout = new Option('--timeout <seconds>', 'limit of the wait; the run goes on')
    .argParser(readSeconds)
    .default(3600)
  const webhook = new Option('--webhook <url>', 'the address that gets a POST at the end of the run')
  const detach = new Option('--detach', 'print the run id, and do not wait').conflicts([
    'output',
    'timeout',
    'cancelOnInterrupt',
    'open',
  ])

  program
    .command('run <workflow> [inputs...]')
    .summary('run a workflow, wait for it, and save its outputs')
    .description('Inputs: name=value, name=@file, name=- for stdin, name=@@text for @text.')
    .option('--inputs <file>', 'JSON file (- is stdin); name=value overrides it')
    .addOption(folder)
    .option('--group <id>', 'the group of the run (default: a new group)')
    .addOption(webhook)
    .option('--preview', 'print the address of the picture so far')
    .addOption(timeout)
    .addOption(detach)
    .addOption(cancelOnInterrupt)
    .addOption(open)
    .addOption(web)
    .addHelpText(
      'after',
      examples(
        'flowscale run "Text to Image" text_51536="a lighthouse at dusk" -o images',
        'flowscale run a9bc45rt2kpm prompt="in oil" image_input=@cat.png -o images',
      ),
    )
  program
    .command('wait <runs...>')
    .summary('wait for submitted runs, and save their outputs')
    .addOption(folder)
    .addOption(timeout)
    .addOption(cancelOnInterrupt)
    .addOption(open)
    .addHelpText(
      'after',
      examples('flowscale wait 808f34d0 -o images', 'flowscale wait 808f34d0 5c1e77aa --timeout 600'),
    )
  program
    .command('batch <workflow> <rows>')
    .summary('run a workflow on each row of a file; can be resumed')
    .description('The rows are CSV with a header of input names, or JSON with an object a line.')
    .requiredOption('-o, --output <dir>', 'the folder for outputs, results and state')
    .option('--concurrency <n>', 'submissions at a time', readCount, 4)
    .addOption(webhook)
    .option('--retry-failed', 'run failed rows again, and pay for them again')
    .option('--timeout <seconds>', 'limit of the whole batch (default: no limit)', readSeconds)
    .addHelpText(
      'after',
      examples(
        'flowscale batch "Text to Image" prompts.csv -o images',
        'flowscale batch bncu0a1kipv prompts.jsonl -o images --json',
      ),
    )
  program
    .command('download <ids...>')
    .summary('save the outputs of runs, or outputs by name')
    .addOption(new Option('-o, --output <dir>', 'the folder for the outputs').default('.', 'this folder'))
    .addOption(open)
    .addHelpText(
      'after',
      examples(
        'flowscale download 808f34d0 -o images',
        'flowscale download filename_prefix_58358_5WWF7GQUYF.png',
      ),
    )
  program
    .command('get <run>')
    .summary('show the state of a run')
    .addOption(web)
    .addHelpText('after', examples('flowscale get 808f34d0', 'flowscale get 808f34d0 --json | jq .status'))
  program
    .command('runs')
    .summary('list the latest runs')
    .option('--group <id>', 'only the runs of this group')
    .option('--limit <n>', 'the most runs to list', readCount, 20)
    .addHelpText('after', examples('flowscale runs', 'flowscale runs --group user-ada --limit 100'))
  program
    .command('cancel <runs...>')
    .summary('cancel runs that are queued or running')
    .addHelpText('after', examples('flowscale cancel 808f34d0', 'flowscale cancel 808f34d0 5c1e77aa --json'))
  program
    .command('queue')
    .summary('list the running and waiting runs of each container')
    .addHelpText('after', examples('flowscale queue', 'flowscale queue --json'))
  program
    .command('health')
    .summary('show the state of the containers')
    .addHelpText('after', examples('flowscale health', 'flowscale health --url http://127.0.0.1:4188 --json'))
  program
    .command('workflows [workflow]')
    .summary('list the deployed workflows and their inputs')
    .addHelpText('after', examples('flowscale workflows', 'flowscale workflows "Text to Image"'))
  program
    .command('pull [workflows...]')
    .summary('write the workflows as typed functions')
    .description('pull overwrites only files that it wrote.\n--json prints the workflows and writes no file.')
    .option('--out <file>', 'the file to write', readModule, 'src/workflows.ts')
    .option('--check', 'write nothing, and fail if the file is out of date')
    .addHelpText(
      'after',
      examples('flowscale pull', 'flowscale pull "Text to Image" --out src/flowscale.ts --check'),
    )
  program
    .command('completion')
    .summary('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      examples('source <(flowscale completion bash)', 'flowscale completion fish | source'),
    )
  program.command('__complete [words...]', { hidden: true })
  return program
}

const toSentence = (text: string): string => text && `${text[0]!.toUpperCase()}${text.slice(1)}.`

const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`.replace(/\bflowscale /g, `${commandName} `)

const footer = `
The address and the key come from --url and --api-key, or from FLOWSCALE_API_URL
and FLOWSCALE_API_KEY, or from .env in this folder.
Exit codes: 0 done, 1 failed, 2 wrong call, 3 try again, 4 not found,
  5 not authorised, 6 may have been submitted, 124 timed out, 130 interrupted.`

function readCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count > 0 && Number.isSafeInteger(count)) return count
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

function readSeconds(text: string): number {
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0
  if (seconds > 0) return seconds
  throw new InvalidArgumentError('It must be a number of seconds above 0, such as 600.')
}

function readModule(path: string): string {
  if (/[^/\\]\.[cm]?tsx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path)) return path
  throw new InvalidArgumentError('It must be a TypeScript file, such as src/workflows.ts.')
}

/** A command of commander whose errors are thrown, show no value that may be a key, and give advice. */
class StrictCommand extends Command {
  override createCommand(name?: string): Command {
    return new StrictCommand(name)
  }

  /** Refuses values that were left out: `--group ''` of an empty variable would list the runs of all groups. */
  override addOption(option: Option): this {
    // This listener comes before the one of commander, which reads the value.
    if (option.required) this.on(`option:${option.name()}`, (value: string) => this.checkValue(option, value))
    return super.addOption(option)
  }

  private checkValue({ flags }: Option, value: string): void {
    if (value === '') this.error(`option '${flags}' argument is empty`)
    const known = this.createHelp().visibleOptions(this)
    const isHelp = value === '-h' || value === '--help'
    const isFlag = isHelp || known.some(({ short, long }) => value === short || value === long)
    if (isFlag) this.error(`option '${flags}' argument missing`)
  }

  override error(message: string, { code }: ErrorOptions = {}): never {
    const problem = message.replace(/^error: /, '').replace(/(?<!\s)\s*\n\s*/g, ' ')
    switch (code) {
      case 'commander.unknownOption': {
        // The rest of a misspelt `--api-key=…` is a key.
        const named = problem.replace(/^([^']*'[\w-]*)[^\w-].*'/s, "$1'")
        const isNear = named.endsWith('?)')
        if (isNear) throw usageError(named)
        const help = `"${commandName} help ${this.name()}" lists the flags.`
        throw usageError(`${named}. ${this.parent ? help : 'A flag of a verb goes after the verb.'}`)
      }
      case 'commander.unknownCommand':
        throw usageError(
          problem.endsWith('?)') ? problem : `${problem}. "${commandName} help" lists the commands.`,
        )
      case 'commander.missingArgument':
        throw usageError(`${problem}. Usage: ${this.createHelp().commandUsage(this)}`)
      case 'commander.excessArguments':
        throw usageError(`${problem} Put quotes around words with spaces.`)
      default:
        throw usageError(problem)
    }
  }

  /** Called for flags without a verb. With the help, `flowscale --url $URL health` would succeed if URL is unset. */
  override help(): never {
    return this.error(`missing command. "${commandName} help" lists the commands.`)
  }
}
