export type ComfyVersion = '0.3.64' | '0.8.0'

/** All that differs between the versions. */
export interface Version {
  readonly name: ComfyVersion
  readonly jobs: boolean
  /** `extra_data.create_time`, and keys of others hidden in the queue as well. */
  readonly createTime: boolean
  readonly takesNullExtraData: boolean
  /** Without a `client_id`, outputs of cached nodes are missing. */
  readonly losesCachedOutputs: boolean
  /** Combos of the type `COMBO` are checked. */
  readonly checksNewCombos: boolean
  /** Of V3 nodes: `LoadAudio` is one, and all have `output_matchtypes`. */
  readonly newerNodes: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly corsMethods: string
  readonly features: Readonly<Record<string, unknown>>
  readonly system: Readonly<Record<string, unknown>>
}

const csp =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; object-src 'self';"

export const versions: Readonly<Record<ComfyVersion, Version>> = {
  '0.3.64': {
    name: '0.3.64',
    jobs: false,
    createTime: false,
    takesNullExtraData: true,
    losesCachedOutputs: false,
    checksNewCombos: false,
    newerNodes: false,
    headers: {},
    corsMethods: 'POST, GET, DELETE, PUT, OPTIONS',
    features: {},
    system: { os: 'posix', required_frontend_version: '1.27.10', required_templates_version: '0.1.95' },
  },
  '0.8.0': {
    name: '0.8.0',
    jobs: true,
    createTime: true,
    takesNullExtraData: false,
    losesCachedOutputs: true,
    checksNewCombos: true,
    newerNodes: true,
    headers: { 'Content-Security-Policy': csp },
    corsMethods: 'POST, GET, DELETE, PUT, OPTIONS, PATCH',
    features: { extension: { manager: { supports_v4: true } } },
    system: { os: 'linux', required_frontend_version: '1.35.9', required_templates_version: '0.7.67' },
  },
}
