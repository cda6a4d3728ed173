import type { Dialect } from '../http/types.ts'
import { parseArguments } from '../node/parseArguments.ts'

/** The flags of both commands, `flowscale-gateway` and `flowscale-emulator`. */
export interface Flags {
  readonly port: number
  readonly hostname: string
  readonly apiKey: string | undefined
  readonly dialect: Dialect
  readonly json: boolean
  readonly help: boolean
  readonly version: boolean
}

/** `strings`: a flag that may be given several times. */
type Kinds = Readonly<Record<string, 'string' | 'strings' | 'boolean'>>

/** A command's own flags, as given. */
export type OwnFlags<K extends Kinds> = {
  readonly [Name in keyof K]:
    | (K[Name] extends 'string' ? string : K[Name] extends 'strings' ? string[] : boolean)
    | undefined
}

/** Reads the flags; `own` are more of them. A wrong flag is an error of one clear sentence. */
export function parseFlags<const K extends Kinds>(args: string[], own: K): Flags & { own: OwnFlags<K> } {
  const values = parse(args, own)
  const dialect = values.dialect ?? 'readme'
  if (!isDialect(dialect)) throw new Error(`--dialect must be readme, openapi or python, got "${dialect}".`)
  const apiKey = values['api-key']
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new Error('--api-key must be visible ASCII characters without spaces.')
  }
  if (values.host === '') throw new Error('--host must not be empty.')
  return {
    port: wholeFlag('port', values.port, 4188, 0, 65535),
    hostname: values.host ?? '127.0.0.1',
    apiKey,
    dialect,
    json: values.json ?? false,
    help: values.help ?? false,
    version: values.version ?? false,
    own: values as unknown as OwnFlags<K>,
  }
}

const COMMON = {
  port: { type: 'string' },
  host: { type: 'string' },
  'api-key': { type: 'string' },
  dialect: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

function parse(
  args: string[],
  own: Kinds,
): ReturnType<typeof parseArguments<{ options: typeof COMMON }>>['values'] {
  const more = Object.fromEntries(
    Object.entries(own).map(([name, kind]) => {
      return [name, kind === 'strings' ? { type: 'string' as const, multiple: true } : { type: kind }]
    }),
  )
  return parseArguments({ args, options: { ...more, ...COMMON } }).values
}

function isDialect(text: string): text is Dialect {
  return text === 'readme' || text === 'openapi' || text === 'python'
}

/** The whole number of a flag. */
export function wholeFlag(
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
