import { type Command, CommanderError } from 'commander'
import { exitCodes, Interrupted } from './errors.ts'
import { type Call, createProgram, type Flags, goesOn, isLocal, type Verb } from './program.ts'
import { createPrinter, type Printer } from './terminal/printer.ts'

/** A verb is loaded when it is called. */
const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  run: async () => (await import('./verbs/run.ts')).run,
  wait: async () => (await import('./verbs/wait.ts')).wait,
  batch: async () => (await import('./verbs/batch.ts')).batch,
  download: async () => (await import('./verbs/download.ts')).download,
  get: async () => (await import('./verbs/get.ts')).get,
  runs: async () => (await import('./verbs/runs.ts')).runs,
  cancel: async () => (await import('./verbs/cancel.ts')).cancel,
  queue: async () => (await import('./verbs/queue.ts')).queue,
  health: async () => (await import('./verbs/health.ts')).health,
  workflows: async () => (await import('./verbs/workflows.ts')).workflows,
  pull: async () => (await import('./verbs/pull.ts')).pull,
  completion: async () => (await import('./verbs/completion.ts')).completion,
  __complete: async () => (await import('./verbs/completion.ts')).complete,
}

/** Reads the command line, runs its verb, and sets the exit code: the process ends when all is written. */
export async function main(words: readonly string[]): Promise<void> {
  const print = createPrinter({
    isJson: isGiven(words, '--json'),
    isQuiet: isGiven(words, '--quiet', '-q'),
  })
  let verb = ''
  let call: Call | undefined
  const report = async (error: unknown) => {
    // Not taken apart at once: Rollup would then leave `call` out of the built function.
    const reporting = await import('./describeError.ts')
    const { exitCode, message, fields } = reporting.describeError(error, call)
    process.exitCode = exitCode
    print.error(fields, message)
  }
  // Node's own warnings, such as of an experimental File on Node 18, would stand between our lines.
  process.removeAllListeners('warning')
  guardStreams(() => goesOn.has(verb))
  process.on('uncaughtException', (error) => {
    void report(error).finally(() => process.exit())
  })

  const program = createProgram()
  for (const command of program.commands) {
    command.action(async () => {
      verb = command.name()
      const controller = new AbortController()
      const stop = onSignals(controller)
      try {
        const opening = openCall(command, print, controller.signal)
        const [run, opened] = await Promise.all([verbs[verb]!(), opening])
        call = opened
        await run(opened)
      } finally {
        stop()
      }
    })
  }
  try {
    await program.parseAsync(withVerb(words), { from: 'user' })
  } catch (error) {
    // The only errors of commander itself say that help was printed.
    if (!(error instanceof CommanderError)) await report(error)
  }
}

/** Whether a flag is there. Read before the other arguments, so that their errors are printed as it says. */
function isGiven(words: readonly string[], ...flags: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end < 0 ? undefined : end).some((word) => flags.includes(word))
}

/**
 * Makes `--help` of no words, and `VERB --help` of `help VERB`. An unknown verb stands alone, or its `--help` would end
 * with 0.
 */
function withVerb(words: readonly string[]): readonly string[] {
  const [word, ...rest] = words
  if (word === undefined) return ['--help']
  if (word === 'help') return withVerb([...rest, '--help'])
  const isUnknown = !word.startsWith('-') && !Object.hasOwn(verbs, word)
  return isUnknown ? [word] : words
}

async function openCall(command: Command, print: Printer, signal: AbortSignal): Promise<Call> {
  const flags: Flags = command.optsWithGlobals()
  const connecting = isLocal.has(command.name()) ? undefined : await import('./connect.ts')
  let connection: ReturnType<NonNullable<typeof connecting>['connect']> | undefined
  return {
    args: command.args,
    flags,
    isGiven: (flag) => command.getOptionValueSourceWithGlobals(flag) === 'cli',
    print,
    signal,
    // Made when a verb asks for it, so that a verb can find a wrong call before the settings are looked for.
    get client() {
      connection ??= connecting!.connect(flags, print)
      return connection.client
    },
    get settings() {
      return connection?.settings
    },
  }
}

/**
 * When the reader of stdout leaves, as in `| head -1`, a verb that only prints ends, and a verb that does more goes on in
 * silence. Output that is lost for another reason, such as a full disk, is an error. A lost line of stderr is none.
 */
function guardStreams(isGoingOn: () => boolean): void {
  let isReported = false
  process.stderr.on('error', () => {})
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      if (!isGoingOn()) process.exit(0)
      return
    }
    process.exitCode ||= 1
    if (!isReported) process.stderr.write(`flowscale: The output is lost: ${error.message}\n`)
    isReported = true
  })
}

/** The first Ctrl-C or SIGTERM aborts, the second ends the process at once. Gives a function that stops listening. */
export function onSignals(controller: AbortController): () => void {
  const signals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated }
  const listeners = Object.entries(signals).map(([name, exitCode]) => {
    const listener = () => {
      if (controller.signal.aborted) process.exit(exitCode)
      controller.abort(new Interrupted(exitCode))
    }
    process.on(name, listener)
    return () => process.off(name, listener)
  })
  return () => {
    for (const stop of listeners) stop()
  }
}
