import type { Command } from 'commander'
import { usageError } from './errors.ts'
import { checkFlag, flagsOf } from './flags.ts'
import { helpOfVerb } from './help.ts'
import type { FlagValue, VerbEntry } from './types.ts'
import { inOurWords } from './usage.ts'

/** Has commander read a verb, its arguments and its flags. */
export function addVerb(
  program: Command,
  entry: VerbEntry,
  act: (args: readonly string[], flags: Readonly<Record<string, FlagValue>>) => Promise<void>,
): void {
  const { name, args = '', flags = [] } = entry
  const command = program
    .command(name)
    .allowExcessArguments()
    .configureHelp({ formatHelp: () => helpOfVerb(entry) })
    .exitOverride((error) => {
      throw inOurWords(error, entry)
    })
  const parts = args.match(/[<[][^>\]]*[>\]]/g) ?? []
  for (const part of parts) command.argument(part)
  for (const { form } of flags) command.option(form, '', checkFlag(form, flagsOf(entry)))
  command.action(async () => {
    const given = command.args
    if (!args.includes('...') && given.length > parts.length) {
      const most = parts.length ? `${parts.length} argument` : 'no argument'
      throw usageError(
        `"${name}" takes ${most}: "${given[parts.length]}" is one too many. Put quotes around words with spaces.`,
      )
    }
    await act(given, command.optsWithGlobals())
  })
}
