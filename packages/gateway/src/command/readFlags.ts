import { type Flags, parseFlags } from './flags.ts'
import { toAddress } from './toAddress.ts'

/** The flags of the gateway. */
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
