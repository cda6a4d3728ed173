import { type Client, createClient } from '@flowscale/client'
import { usageError } from './CommandError.ts'
import type { Circumstances } from './describeError.ts'
import { readSettings } from './readSettings.ts'
import type { FlagValue } from './types.ts'

/** Makes a client from the settings. An error names the setting that is wrong. */
export function connect(flags: Readonly<Record<string, FlagValue>>, known: Circumstances): Client {
  const { url, apiKey, unusedKey } = readSettings(flags)
  Object.assign(known, { unusedKey, hasKey: apiKey !== undefined })
  try {
    return createClient({ baseUrl: url.value, apiKey: apiKey?.value })
  } catch (error) {
    const message = (error as Error).message
      .replace(' (or a path in a page)', '')
      .replace(/^baseUrl/, url.name)
      .replace(/^apiKey/, apiKey?.name ?? 'apiKey')
    throw usageError(`${message}${url.value.includes('://') ? '' : '; write http:// or https:// before it'}.`)
  }
}
