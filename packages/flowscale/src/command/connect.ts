import { type Client, createClient, type Logger } from '@flowscale/client'
import type { Circumstances } from './describeError.ts'
import { usageError } from './errors.ts'
import { readSettings } from './readSettings.ts'
import type { Output } from './terminal/printer.ts'
import type { FlagValue } from './types.ts'

/** Makes a client from the settings. An error names the setting that is wrong. */
export function connect(
  flags: Readonly<Record<string, FlagValue>>,
  output: Output,
  known: Circumstances,
): Client {
  const { url, apiKey, unusedKey } = readSettings(flags)
  Object.assign(known, { unusedKey, hasKey: apiKey !== undefined })
  try {
    const logger = noteWaits((text) => output.note(`Waiting for ${url.value}${text}`))
    return createClient({ baseUrl: url.value, apiKey: apiKey?.value, logger })
  } catch (error) {
    const message = (error as Error).message
      .replace(' (or a path in a page)', '')
      .replace(/^baseUrl/, url.name)
      .replace(/^apiKey/, apiKey?.name ?? 'apiKey')
    throw usageError(`${message}${url.value.includes('://') ? '' : '; write http:// or https:// before it'}.`)
  }
}

/** A logger that says what the command waits for, if it has got no answer, or none that is final, for 2 s. */
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
