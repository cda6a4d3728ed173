import { commandName } from '../commandName.ts'
import { quote } from '../quote.ts'

/** The command that goes on with runs, as it is typed. */
export function goOn(verb: 'wait' | 'download', ids: readonly string[], folder: string | undefined): string {
  const where = folder ?? 'DIR'
  return [commandName, ...[verb, ...ids, '-o', where].map(quote)].join(' ')
}
