// The subcommand `secret`, which prints the secret of webhooks. It asks no gateway, so that one may run meanwhile.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { noneIfMissing, userFolder } from '../node/dataFolder.ts'
import { watchKeys } from '../node/watchKeys.ts'
import { OPERATOR, secretsFor } from '../webhooks/sign.ts'
import { secretOption } from './flags.ts'
import { readKey, UsageError } from './serverCommand.ts'

interface SecretFlags {
  readonly webhook?: true
  readonly secret?: string
  readonly apiKey?: string
  readonly keys?: string
  readonly data?: string
}

/** Adds `secret [NAME]` to the command of the gateway. */
export function addSecret(program: Command): void {
  program
    .command('secret')
    .argument('[name]', 'the name of a key (default: the key without a name)')
    .description('print the secret that signs the webhooks of a key, which its owner needs to verify them')
    .option('--webhook', 'the secret of your own --webhook instead')
    .addOption(secretOption('the --secret of the gateway, if it has one'))
    .option('--api-key <key>', 'the key of the gateway (default: the key or secret in --data)', readKey)
    .option('--keys <file>', 'the file of keys, if it has "webhookSecrets"')
    .option('--data <dir>', 'the folder of the gateway (default: the data folder of this user)')
    .action(print)
}

async function print(name: string | undefined, flags: SecretFlags): Promise<void> {
  const { webhook, secret, apiKey, keys, data } = flags
  if (webhook && name !== undefined)
    throw new UsageError('--webhook has a secret of its own: leave out the name.')
  const from = secret ?? apiKey ?? (await keptIn(data ?? userFolder()))
  const watched = keys === undefined ? undefined : watchKeys(keys)
  watched?.close?.()
  if (watched && name !== undefined && !watched.current().some((key) => key.name === name))
    throw new UsageError(`${keys} has no key with the name "${name}".`)
  process.stdout.write(`${await secretsFor(from, webhook ? OPERATOR : { key: name }, watched?.current())}\n`)
}

/** The secret of a gateway with --keys alone, or the key of one without. */
async function keptIn(folder: string): Promise<string> {
  for (const file of ['secret', 'api-key']) {
    const text = await readFile(join(folder, file), 'utf8').catch(noneIfMissing)
    if (text !== null) return text.trim()
  }
  throw new UsageError(
    `${folder} has no key and no secret: give --data, --api-key or --secret, as the gateway has it.`,
  )
}
