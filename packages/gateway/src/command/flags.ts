import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { Dialect } from '../http/types.ts'

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

/** The flags of the gateway. */
interface GatewayFlags extends Flags {
  /** One address or more. */
  readonly comfyui: readonly string[]
  readonly workflows: string
  readonly data: string | undefined
  readonly publicUrl: string | undefined
  readonly noKey: boolean
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost']
const ALL_INTERFACES = ['0.0.0.0', '::']

/** Reads the flags. A wrong one is an error of one clear sentence. */
export function readFlags(args: string[]): GatewayFlags {
  const { own, ...flags } = parseFlags(args, {
    comfyui: 'strings',
    workflows: 'string',
    data: 'string',
    'public-url': 'string',
    'no-key': 'boolean',
  })
  const {
    comfyui = ['http://127.0.0.1:8188'],
    workflows = '',
    data,
    'public-url': publicUrl,
    'no-key': noKey = false,
  } = own
  if (!workflows && !flags.help && !flags.version)
    throw new Error(
      '--workflows is missing: the folder of your workflows, saved in ComfyUI by "Export (API)".',
    )
  if (noKey && flags.apiKey) throw new Error('Use --no-key or --api-key, not both.')
  if (noKey && !LOOPBACK.includes(flags.hostname)) {
    throw new Error(`--no-key works on this machine only: --host must be ${LOOPBACK.join(', ')}.`)
  }
  if (ALL_INTERFACES.includes(flags.hostname) && publicUrl === undefined) {
    throw new Error(
      `--host ${flags.hostname} needs --public-url, the public address of the gateway: download links start with it.`,
    )
  }
  return { ...flags, comfyui: comfyui.map(toAddress), workflows, data, publicUrl, noKey }
}

export const help = `flowscale-gateway: the API of FlowScale in front of your ComfyUI

Usage: flowscale-gateway --workflows DIR [options]
       flowscale-gateway inspect FILE [--comfyui URL] [--write]

  --comfyui <url>      your ComfyUI (default: http://127.0.0.1:8188); repeat it for several
  --workflows <dir>    a folder of workflows: NAME.json, saved in ComfyUI by "Export (API)"
  --port <n>           port to listen on; 0 takes any free one (default: 4188)
  --host <name>        address to listen on (default: 127.0.0.1)
  --api-key <key>      the key for requests (default: a new key, kept in --data)
  --no-key             no key: everybody on this machine can use the API
  --data <dir>         a folder for the key and the records of runs
                       (default: your ComfyUI keeps the records, and each start makes a new key)
  --public-url <url>   the start of download links (default: the address it listens on;
                       needed with --host 0.0.0.0 or ::)
  --dialect <name>     readme, openapi or python (default: readme)
  --json               first line on stdout {"url","filesUrl","apiKey","servers","workflows"}, logs on stderr
  --help               print this
  --version            print the version

inspect prints the inputs and outputs of one workflow, and the reason for each name. --write saves the names as
NAME.flowscale.json in the same folder, for you to edit.
`

/** Gives the address of a ComfyUI with its scheme: `localhost:8188` becomes `http://localhost:8188`. */
export function toAddress(text: string): string {
  const url = /^(localhost|[\w-]+(\.[\w-]+)+|[\w.-]+:\d+)([:/]|$)/i.test(text) ? `http://${text}` : text
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url
  throw new Error('--comfyui must be an http(s) address such as http://127.0.0.1:8188.')
}

/** `parseArgs` of Node, whose errors are one clear sentence. */
export function parseArguments<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    // Only the first sentence: the rest of Node's message explains a syntax that does not apply here.
    const [sentence = ''] = (error as Error).message.split(/\. |\n/)
    throw new Error(`${sentence.replace(/\.$/, '')}. See --help.`, { cause: error })
  }
}
