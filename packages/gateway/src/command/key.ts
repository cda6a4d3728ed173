// The subcommand `key add`, which makes a key for the file of --keys.
import type { Command } from 'commander'
import { type Key, keyName } from '../http/access.ts'
import { addKey } from '../node/watchKeys.ts'
import { UsageError, wholeNumber } from './serverCommand.ts'

interface KeyFlags extends Pick<Key, 'workflows' | 'maxUnfinished' | 'priority' | 'admin'> {
  readonly keys: string
}

export function addKeyCommand(program: Command): void {
  program
    .command('key')
    .description('look after the file of --keys')
    .command('add')
    .argument('<name>', 'the owner of the runs', readName)
    .description('make a key, add its SHA-256 to the file of keys, and print the key once')
    .option('--keys <file>', 'the file of keys, which is made if it is missing', 'keys.json')
    .option(
      '--workflows <ids>',
      'the workflows that the key may run, with commas between them (default: all)',
      readIds,
    )
    .option(
      '--max-unfinished <n>',
      'how many runs of this name may wait or run at once; needs a queue (default: no limit)',
      wholeNumber(1, 1_000_000),
    )
    .option(
      '--priority <n>',
      'from 0 to 9: nine of ten turns go to the highest priority that waits; needs a queue (default: 0)',
      wholeNumber(0, 9),
    )
    .option('--admin', 'the key sees and cancels the runs of all names')
    .action(add)
}

function readName(text: string): string {
  const wanted = keyName(text)
  if (wanted === undefined) return text
  throw new UsageError(`The name of a key must be ${wanted}.`)
}

function readIds(text: string): string[] {
  const ids = text.split(',').map((id) => id.trim())
  if (ids.every((id) => id !== '')) return ids
  throw new UsageError('--workflows must be ids of workflows with commas between them.')
}

async function add(name: string, { keys: file, ...limits }: KeyFlags): Promise<void> {
  const { key, keys } = await addKey(file, { name, ...limits })
  process.stdout.write(`${key}\n`)
  const count = keys.filter((one) => one.name === name).length
  const more =
    count > 1
      ? ` ${name} has ${count} keys now, which all work: remove the entry of the old one once nobody uses it.`
      : ''
  process.stderr.write(
    `This is the key of ${name}, which is shown only once. ${file} has its SHA-256.${more}\n`,
  )
}
