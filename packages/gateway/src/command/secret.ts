// The subcommand `secret`, which prints the secret of webhooks. It works while a gateway runs, and without one.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { noneIfMissing, userFolder } from '../node/dataFolder.ts'
import { watchKeys } from '../node/watchKeys.ts'
import { OPERATOR, secretsFor } from '../webhooks/sign.ts'
import { type GatewayFlags, secretOption } from './flags.ts'
import { installed } from './openQueue.ts'
import { readKey, UsageError } from './serverCommand.ts'

interface SecretFlags extends Pick<GatewayFlags, 'secret' | 'apiKey' | 'keys' | 'data' | 'redis'> {
  readonly webhook?: true
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
    .option('--keys <file>', 'the file of keys of the gateway')
    .option('--data <dir>', 'the folder of the gateway (default: the data folder of this user)')
    .option('--redis <url>', 'the Redis of a gateway with --keys, and without --secret and --api-key')
    .action(print)
}

async function print(name: string | undefined, flags: SecretFlags): Promise<void> {
  const { webhook, secret, apiKey, keys, data, redis } = flags
  if (webhook && name !== undefined)
    throw new UsageError('--webhook has a secret of its own: leave out the name.')
  const watched = keys === undefined ? undefined : watchKeys(keys)
  watched?.close?.()
  if (watched && name !== undefined && !watched.current().some((key) => key.name === name))
    throw new UsageError(`${keys} has no key with the name "${name}".`)
  const hasKeys = name !== undefined || keys !== undefined
  const kept = () => (redis === undefined ? keptIn(data ?? userFolder(), hasKeys) : keptInRedis(redis))
  const secrets = await secretsFor(
    secret ?? apiKey ?? kept,
    webhook ? OPERATOR : { key: name },
    watched?.current(),
  )
  process.stdout.write(`${secrets}\n`)
}

/** The secret of a gateway with --keys alone, or the key of a gateway without --keys. A folder may hold both. */
async function keptIn(folder: string, hasKeys: boolean): Promise<string> {
  for (const file of hasKeys ? ['secret', 'api-key'] : ['api-key', 'secret']) {
    const text = await readFile(join(folder, file), 'utf8').catch(noneIfMissing)
    if (text !== null) return text.trim()
  }
  throw new UsageError(
    `${folder} has no key and no secret: give --data, --api-key or --secret, as the gateway has it.`,
  )
}

/** The secret that gateways with --keys alone have made, and keep in their Redis. */
async function keptInRedis(url: string): Promise<string> {
  const { readRecord } = await installed('--redis', 'ioredis', import('../redis/redisStore.ts'))
  const text = await readRecord(url, 'secret')
  if (text !== undefined) return JSON.parse(text).secret
  throw new UsageError('This Redis has no secret: start a gateway with --keys, which makes it.')
}
