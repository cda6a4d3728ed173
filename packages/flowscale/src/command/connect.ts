import { readFileSync } from 'node:fs'
import { type Client, createClient, idempotencyWhereKept, type Logger } from '@flowscale/client'
import { withWebhook } from '@flowscale/client/webhook'
import { parse } from 'dotenv'
import { usageError } from './errors.ts'
import type { Printer } from './terminal/printer.ts'

export interface Setting {
  readonly value: string
  /** The name for the user: `--url`, `FLOWSCALE_API_URL`, `FLOWSCALE_API_URL in .env`. */
  readonly name: string
}

export interface Settings {
  readonly url: Setting
  /** Missing if no key is set: a server on your own machine may need none. */
  readonly apiKey: Setting | undefined
  /** The name of a key that is set, and is not sent to this address. */
  readonly unusedKey: string | undefined
}

/** The flags that are settings, too. */
interface Given {
  readonly url?: string
  readonly apiKey?: string
  readonly webhook?: string
}

/** Makes a client from the settings. An error names the setting that is wrong. */
export function connect(flags: Given, print: Pick<Printer, 'note'>): { client: Client; settings: Settings } {
  const settings = readSettings(flags)
  const { url, apiKey, unusedKey } = settings
  if (unusedKey) print.note(`${unusedKey} was not used: address and key must come from the same place.`)
  try {
    const logger = noteWaits((text) => print.note(`Waiting for ${url.value}${text}`))
    const idempotency = idempotencyWhereKept()
    const client = createClient({ baseUrl: url.value, apiKey: apiKey?.value, logger, idempotency })
    return {
      client: flags.webhook === undefined ? client : withWebhook(client, flags.webhook),
      settings,
    }
  } catch (error) {
    const message = (error as Error).message
      .replace(' (or a path in a page)', '')
      .replace(/^webhookUrl/, '--webhook')
      .replace(/^baseUrl/, url.name)
      .replace(/^apiKey/, apiKey?.name ?? 'apiKey')
    throw usageError(`${message}${url.value.includes('://') ? '' : '; write http:// or https:// before it'}.`)
  }
}

/** A logger that says on whom the command waits, after 2 s without an answer, or without one that is final. */
function noteWaits(say: (rest: string) => void): Logger {
  let status: number | undefined
  let timer: NodeJS.Timeout | undefined
  const wait = () => {
    timer ??= setTimeout(() => say(status ? `, which answers ${status}.` : ' to answer.'), 2000).unref()
  }
  const stop = () => {
    clearTimeout(timer)
    timer = undefined
  }
  wait()
  return {
    debug: stop,
    info() {},
    warn(_, fields) {
      status = fields?.status
      wait()
    },
    error: stop,
  }
}

/**
 * The address and the key, from the flags, or else the environment, or else `.env` in the working folder. An empty value
 * counts as none. A key is sent only to an address that its owner meant:
 * - If the address comes from `.env`, the key must come from `.env` or a flag: a stranger's folder must not get your key.
 * - A key in `.env` is sent to the address in `.env`. If the file has no address, the key is sent to the
 *   address of a flag or the environment.
 */
function readSettings(flags: Given): Settings {
  const ofEnv = (name: string) => named(process.env[name], name)
  const flagKey = named(flags.apiKey, '--api-key')
  const envKey = ofEnv('FLOWSCALE_API_KEY')
  const given = named(flags.url, '--url') ?? ofEnv('FLOWSCALE_API_URL')
  const key = flagKey ?? envKey
  if (given && key) return { url: given, apiKey: key, unusedKey: undefined }

  const file = readEnvFile()
  const ofFile = (name: string) => named(file[name], `${name} in .env`)
  const fileUrl = ofFile('FLOWSCALE_API_URL')
  const fileKey = ofFile('FLOWSCALE_API_KEY')
  if (given) {
    const isMeant = !fileUrl || isSameOrigin(fileUrl.value, given.value)
    return {
      url: given,
      apiKey: isMeant ? fileKey : undefined,
      unusedKey: isMeant ? undefined : fileKey?.name,
    }
  }
  if (fileUrl) {
    const isUnused = !flagKey && envKey && envKey.value !== fileKey?.value
    return {
      url: fileUrl,
      apiKey: flagKey ?? fileKey,
      unusedKey: isUnused ? `${envKey.name} in the environment` : undefined,
    }
  }
  throw usageError(
    'No address: set FLOWSCALE_API_URL and FLOWSCALE_API_KEY, here or in .env, or pass --url. ' +
      'For a FlowScale on your own machine: npx @flowscale/emulator',
  )
}

const named = (value: string | undefined, name: string): Setting | undefined => {
  const trimmed = value?.trim()
  return trimmed ? { value: trimmed, name } : undefined
}

function isSameOrigin(one: string, other: string): boolean {
  try {
    return new URL(one).origin === new URL(other).origin
  } catch {
    return false
  }
}

function readEnvFile(): Record<string, string> {
  try {
    return parse(readFileSync('.env'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Python keeps environments in a folder of this name.
    if (code === 'ENOENT' || code === 'EISDIR') return {}
    throw usageError(
      `.env in this folder cannot be read (${code}): fix the file, or pass --url and --api-key.`,
    )
  }
}
