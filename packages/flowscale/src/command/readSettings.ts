import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { usageError } from './CommandError.ts'
import type { FlagValue } from './types.ts'

export interface Settings {
  readonly url: string
  /** Left out where none is set: a server on your own machine may need none. */
  readonly apiKey: string | undefined
}

/**
 * The address and the key: of the flags, else of the environment, else of `.env` in the working folder. Where the address
 * comes from `.env`, the key comes from there or from a flag only: else a stranger's folder could have your key sent to an
 * address of its own.
 */
export function readSettings(flags: Readonly<Record<string, FlagValue>>): Settings {
  const { FLOWSCALE_API_URL: url, FLOWSCALE_API_KEY: apiKey } = process.env
  const keyFlag = flags.apiKey as string | undefined
  const given = (flags.url as string | undefined) || url
  if (given) return { url: given, apiKey: keyFlag || apiKey || readEnvFile().FLOWSCALE_API_KEY }
  const file = readEnvFile()
  if (file.FLOWSCALE_API_URL)
    return { url: file.FLOWSCALE_API_URL, apiKey: keyFlag || file.FLOWSCALE_API_KEY }
  throw usageError(
    'No address. Set FLOWSCALE_API_URL and FLOWSCALE_API_KEY, here or in .env, or pass --url. ' +
      'A FlowScale on your own machine: npx @flowscale/emulator',
  )
}

function readEnvFile(): Record<string, string> {
  try {
    return parse(readFileSync('.env'))
  } catch {
    return {}
  }
}
