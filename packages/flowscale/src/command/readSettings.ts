import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { usageError } from './errors.ts'
import type { FlagValue } from './types.ts'

export interface Setting {
  readonly value: string
  /** The name for the user: `--url`, `FLOWSCALE_API_URL`, `FLOWSCALE_API_URL in .env`. */
  readonly name: string
}

export interface Settings {
  readonly url: Setting
  /** Missing if no key is set: a server on your own machine may need none. */
  readonly apiKey: Setting | undefined
  /** A key that is set, and not sent to this address. */
  readonly unusedKey: string | undefined
}

/**
 * The address and the key, from the flags, or else the environment, or else `.env` in the working folder. An empty value
 * counts as none. A key is sent only to an address that its owner meant:
 * - If the address comes from `.env`, the key must come from `.env` or a flag: a stranger's folder must not get your key.
 * - A key in `.env` is sent to the address in `.env`. If the file has no address, the key is sent to the
 *   address of a flag or the environment.
 */
export function readSettings(flags: Readonly<Record<string, FlagValue>>): Settings {
  const ofFlag = (value: FlagValue, name: string) => named(value as string | undefined, name)
  const ofEnv = (name: string) => named(process.env[name], name)
  const flagKey = ofFlag(flags.apiKey, '--api-key')
  const envKey = ofEnv('FLOWSCALE_API_KEY')
  const given = ofFlag(flags.url, '--url') ?? ofEnv('FLOWSCALE_API_URL')
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
    const apiKey = flagKey ?? fileKey
    return { url: fileUrl, apiKey, unusedKey: apiKey ? undefined : envKey?.name }
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
