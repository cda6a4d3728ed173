// The flags of the command of the gateway, and their checks.
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { comfyKey as isComfyKey, isHeader, readAddress } from '../comfyui/api/address.ts'
import { isWildcard } from '../node/serve.ts'
import { readPrivate } from '../node/watchKeys.ts'
import { optional } from '../options.ts'
import { MOST_PORT } from '../rules.ts'
import {
  addServerFlags,
  collect,
  ServerCommand,
  type ServerFlags,
  UsageError,
  wholeNumber,
} from './serverCommand.ts'

/** The flags of the gateway. */
export interface GatewayFlags extends ServerFlags {
  readonly comfyui?: readonly string[]
  readonly workers?: true
  readonly workerKey?: string
  readonly maxWorkers?: number
  readonly redis?: string
  readonly header?: Readonly<Record<string, string>>
  readonly comfyKey?: string
  readonly workflows: string
  readonly data?: string
  readonly files?: string
  readonly redirectLinks?: true
  readonly keepDays?: number
  readonly publicUrl?: string
  readonly keys?: string
  readonly secret?: string
  readonly metricsPort?: number
  readonly maxWaiting?: number
  readonly webhook?: string
  readonly webhookHosts?: readonly string[]
  /** `false` by `--no-openai`. */
  readonly openai: boolean
  /** `false` by `--no-key`. */
  readonly key: boolean
}

/** Where ComfyUI listens by default. */
export const localComfyui = 'http://127.0.0.1:8188'

/** The command `flowscale-gateway`, without its action and its subcommands. */
export function createProgram(): Command {
  const program = new ServerCommand('flowscale-gateway')
    .description('The API of FlowScale in front of your ComfyUI.')
    .usage('--workflows <dir> [options]')
    .enablePositionalOptions()
    .hook('preSubcommand', (_, subcommand) => {
      const isGiven = (option: Option) => program.getOptionValueSource(option.attributeName()) === 'cli'
      const given = program.options.find(isGiven)
      if (given) program.error(`option '${given.flags}' must come after '${subcommand.name()}'`)
    })
    .option(
      '--comfyui <url>',
      `your ComfyUI; repeat the flag for several, which share a queue in --data (default: "${localComfyui}", or none with --workers)`,
      collect(toAddress),
    )
    .addOption(headerOption())
    .addOption(comfyKeyOption())
    .option(
      '--workflows <dir>',
      'a folder of workflows: files that ComfyUI saved, or pictures and videos that it made',
    )
    .option(
      '--data <dir>',
      'a folder for the key and the queue, with the records and files of runs (default: one ComfyUI has no queue and keeps the records, and each start makes a new key; the queue of several is in the data folder of this user)',
    )
    .option(
      '--files <url>',
      'where a queue has its files, such as s3://bucket/prefix; the keys are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (default: in --data)',
    )
    .option('--redirect-links', 'download links lead to the S3 of --files')
    .option(
      '--keep-days <n>',
      'for how many days records of runs are kept, and the files of a queue (default: 30)',
      wholeNumber(1, 36_500),
    )
    .option('--workers', 'let GPUs anywhere dial in by the command "worker"; prints the key for them')
    .option('--worker-key <key>', 'the key for workers (default: a new key, kept in --data)')
    .option(
      '--max-workers <n>',
      'how many names of workers may be known at once (default: 200)',
      wholeNumber(1, 10_000),
    )
    .option(
      '--redis <url>',
      'keep the queue and the records in Redis or Valkey, so that several gateways share them; needs the package ioredis',
    )
    .option(
      '--public-url <url>',
      'the start of download links (default: the address it listens on; needed with --host 0.0.0.0 or ::)',
    )
    .option(
      '--keys <file>',
      'a file of keys with names and limits, which "key add" makes; read again when it changes',
    )
    .addOption(
      secretOption(
        'signs download links and webhooks; or @FILE, which has the secret (default: --api-key, or made and kept in --data or --redis)',
      ),
    )
    .option(
      '--webhook <url>',
      'your address, which gets a POST at the end of each run; or @FILE, which has the address, as it may hold a token; needs a queue',
      (text) => orFile('--webhook', text),
    )
    .option(
      '--webhook-hosts <hosts>',
      'the hosts of webhooks that may be private or have http:, each with any port, or as HOST:PORT, with commas between them (default: none)',
      (text) => text.split(',').map((host) => host.trim()),
    )
    .option('--no-openai', 'no image API of OpenAI under /v1')
    .addOption(
      new Option('--no-key', 'no key: everybody on this machine can use the API').conflicts([
        'apiKey',
        'keys',
      ]),
    )
    .option(
      '--metrics-port <n>',
      'also serve /metrics on this port of --host, without a key; 0 takes any free one',
      wholeNumber(0, MOST_PORT),
    )
    .option(
      '--max-waiting <n>',
      'while this many runs wait, /readyz says that the gateway is not ready (default: no limit)',
      wholeNumber(1, 1_000_000_000),
    )
    .addOption(
      new Option('--log <format>', 'json: each line of the log is an object')
        .choices(['text', 'json'])
        .default('text'),
    )
  return addServerFlags(program, {
    apiKey: 'a new key, kept in --data',
    firstLine: '{"url","filesUrl","apiKey","servers","workflows"}',
  })
}

/** Gives the address of a ComfyUI with its scheme: `localhost:8188` becomes `http://localhost:8188`. */
export function toAddress(text: string): string {
  const url = /^(localhost|[\w-]+(\.[\w-]+)+|[\w.-]+:\d+)([:/]|$)/i.test(text) ? `http://${text}` : text
  if (/^https?:\/\//i.test(url) && readAddress(url)) return url
  throw new UsageError(
    '--comfyui must be an http(s) address such as http://127.0.0.1:8188, without "?" or "#".',
  )
}

/** The flag for the headers of ComfyUI. As with curl, `@FILE` has one on each line. */
export function headerOption(): Option {
  const what = '"Name: value" for each request to ComfyUI, such as a login; @FILE has one on each line'
  return new Option('--header <line>', `${what}; repeat the flag for several`).argParser(readHeaders)
}

function readHeaders(text: string, before: Record<string, string> = {}): Record<string, string> {
  const isFilled = (line: string): boolean => line.trim() !== ''
  const lines = text.startsWith('@') ? orFile('--header', text).split(/\r?\n/).filter(isFilled) : [text]
  const entries = lines.map((line) => {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*?)\s*$/.exec(line) ?? []
    if (isHeader(name, value)) return [name.toLowerCase(), value] as const
    throw new UsageError(
      '--header must be "Name: value", in printable characters, and not one that a request sets itself.',
    )
  })
  return { ...before, ...Object.fromEntries(entries) }
}

/** The flag for the key of partners. It takes a file only: other users of the machine see the flags of a command. */
export const comfyKeyOption = (): Option =>
  new Option(
    '--comfy-key <@file>',
    'a file (mode 600) with your key from platform.comfy.org, for nodes of partners (default: the variable COMFY_API_KEY)',
  ).argParser((text) => {
    if (text.startsWith('@')) return readPrivate(text.slice(1))
    throw new UsageError('--comfy-key must be @FILE. Only the variable COMFY_API_KEY takes the key itself.')
  })

/** The key for the nodes of partners, by the flag or by the variable. */
export function comfyKeyOf({ comfyKey }: Pick<GatewayFlags, 'comfyKey'>): string | undefined {
  const key = (comfyKey ?? (process.env.COMFY_API_KEY || undefined))?.trim()
  const wanted = optional(isComfyKey)(key)
  if (wanted === undefined) return key
  throw new UsageError(`The file of --comfy-key, or the variable COMFY_API_KEY, must have ${wanted}.`)
}

export const secretOption = (about: string): Option =>
  new Option('--secret <text>', about).argParser((text) => {
    const secret = orFile('--secret', text)
    if (secret !== '') return secret
    throw new UsageError('The file of --secret is empty.')
  })

/** The value of a flag. `@FILE` stands for the text in a file, without spaces around it. */
function orFile(flag: string, text: string): string {
  if (!text.startsWith('@')) return text
  try {
    return readFileSync(text.slice(1), 'utf8').trim()
  } catch (error) {
    throw new UsageError(`The file of ${flag} can't be read (${(error as NodeJS.ErrnoException).code}).`)
  }
}

/** Whether runs wait in a queue of the gateway's own. */
export const isQueued = ({ comfyui = [], workers, redis, data }: GatewayFlags): boolean =>
  workers || redis !== undefined || data !== undefined || comfyui.length > 1

export const loopback: readonly string[] = ['127.0.0.1', '::1', 'localhost']

/** Refuses flags that are missing, or that do not go together. */
export function checkFlags(flags: GatewayFlags): void {
  const { workflows, key, apiKey, host, publicUrl, workers, workerKey, maxWorkers } = flags
  const { redis, data, files, redirectLinks, keys, log, json, webhook, webhookHosts } = flags
  const hasQueue = isQueued(flags)
  const makesKey = key && apiKey === undefined && keys === undefined
  /** By its message, whether the flags have a fault. The first one counts. */
  const faults: Readonly<Record<string, boolean | undefined>> = {
    '--workflows is missing: a folder of files that ComfyUI saved, or pictures and videos that it made.':
      workflows === undefined,
    '--files is for a queue: give --data, several --comfyui, --workers or --redis.':
      files !== undefined && !hasQueue,
    '--webhook and --webhook-hosts need a queue and a key: give --data, several --comfyui, --workers or --redis.':
      (webhook !== undefined || webhookHosts !== undefined) && !(hasQueue && key),
    '--redirect-links needs --files.': redirectLinks && files === undefined,
    [`--no-key works on this machine only: --host must be ${loopback.join(', ')}.`]:
      !key && !loopback.includes(host),
    '--worker-key needs --workers.': workerKey !== undefined && !workers,
    '--max-workers needs --workers.': maxWorkers !== undefined && !workers,
    '--redis needs --data or --files, the place where all gateways with this Redis keep their files.':
      redis !== undefined && data === undefined && files === undefined,
    '--redis needs --worker-key with --workers, the same for all gateways.':
      redis !== undefined && workers && workerKey === undefined,
    '--redis needs --api-key or --keys, the same for all gateways.': redis !== undefined && makesKey,
    '--log json shows no key: give --api-key, or --data to keep a key there.':
      log === 'json' && !json && makesKey && !hasQueue,
    [`--host ${host} needs --public-url, the public address of the gateway: download links start with it.`]:
      isWildcard(host) && publicUrl === undefined,
  }
  const fault = Object.keys(faults).find((text) => faults[text])
  if (fault !== undefined) throw new UsageError(fault)
}
