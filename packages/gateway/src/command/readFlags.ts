import { type Flags, parseFlags } from '../node/parseFlags.ts'
import { toAddress } from './toAddress.ts'

/** What the command line says. */
export interface GatewayFlags extends Flags {
  /** One address or more. */
  readonly comfyui: readonly string[]
  readonly workflows: string
  readonly data: string | undefined
  readonly publicUrl: string | undefined
  readonly noKey: boolean
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost']
const ALL_INTERFACES = ['0.0.0.0', '::']

/** An error with one clear sentence where the command line makes no sense. */
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
    throw new Error('--workflows is missing: a folder with your workflows as "Export (API)" saves them.')
  if (noKey && flags.apiKey) throw new Error('--no-key and --api-key exclude each other.')
  if (noKey && !LOOPBACK.includes(flags.hostname)) {
    throw new Error(`--no-key works on this machine only: --host must be ${LOOPBACK.join(', ')}.`)
  }
  if (ALL_INTERFACES.includes(flags.hostname) && publicUrl === undefined) {
    throw new Error(
      `--host ${flags.hostname} needs --public-url, the address that others reach it by: download links start with it.`,
    )
  }
  return { ...flags, comfyui: comfyui.map(toAddress), workflows, data, publicUrl, noKey }
}
