import { Command, CommanderError } from 'commander'
import { addVerb } from './addVerb.ts'
import { commandName } from './commandName.ts'
import type { Circumstances } from './describeError.ts'
import { usageError } from './errors.ts'
import { checkFlag, sharedFlags } from './flags.ts'
import { guardStreams } from './guardStreams.ts'
import { helpOfAll } from './help.ts'
import { isWithJson } from './isWithJson.ts'
import { verbs } from './program.ts'
import { startVerb } from './startVerb.ts'
import { suggest } from './suggest.ts'
import { createOutput } from './terminal/printer.ts'
import type { VerbEntry } from './types.ts'
import { inOurWords } from './usage.ts'

/** Reads the command line, does what its verb says, and sets the exit code: the process ends when all is written. */
export async function main(given: readonly string[]): Promise<void> {
  const output = createOutput(isWithJson(given))
  let entry: VerbEntry | undefined
  const known: Circumstances = {}
  const report = async (error: unknown) => {
    const { describeError } = await import('./describeError.ts')
    const { exitCode, message, fields } = describeError(error, known)
    process.exitCode = exitCode
    output.error(fields, message)
  }
  // Node's own, such as of an experimental File on Node 18, would stand between our lines.
  process.removeAllListeners('warning')
  guardStreams(() => entry?.goesOn === true)
  process.on('uncaughtException', (error) => {
    void report(error).finally(() => process.exit())
  })

  const program = new Command('flowscale')
    .helpCommand(false)
    .configureHelp({ formatHelp: helpOfAll })
    .configureOutput({ outputError: () => {} })
    .exitOverride((error) => {
      throw inOurWords(error, undefined)
    })
  // These may stand before the verb, too.
  for (const { form } of sharedFlags) program.option(form, '', checkFlag(form, sharedFlags))
  for (const each of verbs) {
    addVerb(program, each, async (args, flags) => {
      entry = each
      await startVerb(each, args, flags, output, known)
    })
  }
  try {
    await program.parseAsync(withVerb(given), { from: 'user' })
  } catch (error) {
    // Help that was printed.
    if (!(error instanceof CommanderError && error.exitCode === 0)) await report(error)
  }
}

/** `help VERB` is the help of the verb, and nothing the help of all; an unknown verb is an error, whatever follows. */
function withVerb([word, ...rest]: readonly string[]): string[] {
  if (word === undefined) return ['--help']
  if (word === 'help') return rest.length ? [...withVerb(rest), '--help'] : ['--help']
  if (!word.startsWith('-') && !verbs.some(({ name }) => name === word)) {
    const near = suggest(
      word,
      verbs.map(({ name }) => name),
    )
    throw usageError(`There is no verb "${word}".${near} "${commandName} help" lists them.`)
  }
  return [word, ...rest]
}
