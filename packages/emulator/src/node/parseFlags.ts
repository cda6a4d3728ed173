import { parseArgs } from 'node:util'
import type { Dialect, EmulatorOptions } from '../types.ts'

export interface Flags {
  port: number
  hostname: string
  options: EmulatorOptions
  json: boolean
  help: boolean
  version: boolean
}

/** What the command line says; an error with one clear sentence where it makes no sense. */
export function parseFlags(args: string[]): Flags {
  const { values } = parse(args)
  const dialect = values.dialect ?? 'readme'
  if (!isDialect(dialect)) throw new Error(`--dialect must be readme, openapi or python, got "${dialect}".`)
  const apiKey = values['api-key']
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new Error('--api-key must be visible ASCII characters without spaces.')
  }
  if (values.host === '') throw new Error('--host must not be empty.')
  return {
    port: whole('port', values.port, 4188, 0, 65535),
    hostname: values.host ?? '127.0.0.1',
    options: {
      apiKey,
      dialect,
      containers: whole('containers', values.containers, 2, 1, 100),
      speed: positive('speed', values.speed, 1),
      faults: chaos(values.chaos),
    },
    json: values.json ?? false,
    help: values.help ?? false,
    version: values.version ?? false,
  }
}

function parse(args: string[]): { values: Values } {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        'api-key': { type: 'string' },
        containers: { type: 'string' },
        speed: { type: 'string' },
        dialect: { type: 'string' },
        chaos: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    })
  } catch (error) {
    // Only the first sentence: the rest of Node's message explains a syntax that nobody needs here.
    const [sentence = ''] = (error as Error).message.split(/\. |\n/)
    throw new Error(`${sentence.replace(/\.$/, '')}. See --help.`, { cause: error })
  }
}

interface Values {
  port?: string | undefined
  host?: string | undefined
  'api-key'?: string | undefined
  containers?: string | undefined
  speed?: string | undefined
  dialect?: string | undefined
  chaos?: string | undefined
  json?: boolean | undefined
  help?: boolean | undefined
  version?: boolean | undefined
}

function isDialect(text: string): text is Dialect {
  return text === 'readme' || text === 'openapi' || text === 'python'
}

function chaos(text: string | undefined): EmulatorOptions['faults'] {
  if (text === undefined) return undefined
  return { seed: whole('chaos', text, 0, 0, Number.MAX_SAFE_INTEGER), chance: 0.1 }
}

function whole(
  name: string,
  text: string | undefined,
  fallback: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return fallback
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new Error(`--${name} must be a whole number from ${least} to ${most}, got "${text}".`)
}

function positive(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value > 0) return value
  throw new Error(`--${name} must be a number above 0, got "${text}".`)
}
