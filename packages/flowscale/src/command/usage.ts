import type { CommanderError } from 'commander'
import { asTyped, commandName } from './commandName.ts'
import { usageError } from './errors.ts'
import { flagsOf, namesOf, sharedFlags } from './flags.ts'
import { suggest } from './suggest.ts'
import type { VerbEntry } from './types.ts'

/** An error of commander as one sentence that says what to do. Help that was printed stays what it is. */
export function inOurWords(error: CommanderError, entry: VerbEntry | undefined): Error {
  if (error.exitCode === 0) return error
  const word = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const help = `${commandName} help${entry ? ` ${entry.name}` : ''}`
  switch (error.code) {
    case 'commander.unknownOption': {
      const known = entry ? flagsOf(entry) : sharedFlags
      const name = word.replace(/=.*/s, '')
      const near = suggest(
        name,
        known.flatMap(namesOf).filter((flag) => flag.startsWith('--')),
      )
      const advice = entry
        ? `"${help}" lists its flags.`
        : `A flag of a verb goes after it: ${commandName} VERB [flags].`
      return usageError(
        `${entry ? `"${entry.name}" has` : 'There is'} no flag ${name}.${near || ` ${advice}`}`,
      )
    }
    case 'commander.optionMissingArgument':
      return usageError(`${namesOf({ form: word, about: '' }).slice(-1)} needs a value: ${word}.`)
    case 'commander.missingArgument':
      return usageError(`"${entry?.name}" needs <${word}>, as in: ${entry && asTyped(entry.examples[0]!)}`)
    default:
      return usageError(`${error.message.replace(/^error: /, '')}. See "${help}".`)
  }
}
