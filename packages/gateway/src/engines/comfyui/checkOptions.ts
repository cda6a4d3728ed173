/** Options of `comfyui()`. */
export interface ComfyuiOptions {
  /** Where your ComfyUI is, for example `http://127.0.0.1:8188`. */
  url?: string | undefined
  /** Where several are. A run goes to the shortest queue of those that can run its workflow. */
  urls?: readonly string[] | undefined
  /** A run whose server can't be reached for as long is failed. Default: 600000, ten minutes */
  lostAfterMs?: number | undefined
  /** Used for every request to ComfyUI. Default: the global one */
  fetch?: typeof globalThis.fetch | undefined
}

const KNOWN = ['url', 'urls', 'lostAfterMs', 'fetch']
const ADDRESS = 'an http(s) address such as "http://127.0.0.1:8188", without a name, password, "?" or "#"'

/** The addresses end without a `/`. */
export function checkOptions(
  options: ComfyuiOptions,
): Pick<ComfyuiOptions, 'fetch'> & { urls: string[]; lostAfterMs: number } {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('comfyui: options must be an object')
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) {
      throw new TypeError(`comfyui: unknown option "${name}"; the known options are ${KNOWN.join(', ')}`)
    }
  }
  const { url, lostAfterMs = 600_000, fetch } = options
  if (url !== undefined && options.urls !== undefined) {
    throw new TypeError('comfyui: options "url" and "urls" exclude each other: give all addresses in "urls"')
  }
  const urls = readUrls(url, options.urls)
  if (typeof lostAfterMs !== 'number' || !(lostAfterMs > 0)) {
    throw new TypeError(`comfyui: option "lostAfterMs" must be a number above 0, got ${String(lostAfterMs)}`)
  }
  if (fetch !== undefined && typeof fetch !== 'function') {
    throw new TypeError(`comfyui: option "fetch" must be a function, got ${typeof fetch}`)
  }
  return { urls, lostAfterMs, fetch }
}

function readUrls(url: string | undefined, list: readonly string[] | undefined): string[] {
  if (list === undefined) {
    if (!isAddress(url)) throw new TypeError(`comfyui: option "url" must be ${ADDRESS}`)
    return [trim(url)]
  }
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError('comfyui: option "urls" must be an array of at least one address')
  }
  const wrong = list.findIndex((one) => !isAddress(one))
  if (wrong >= 0) throw new TypeError(`comfyui: option "urls[${wrong}]" must be ${ADDRESS}`)
  const urls = list.map(trim)
  const twice = urls.findIndex((one, index) => urls.indexOf(one) !== index)
  if (twice >= 0) throw new TypeError(`comfyui: option "urls[${twice}]" is the same server as another one`)
  return urls
}

function isAddress(value: unknown): value is string {
  const { protocol, username, password, search, hash } = new URL(
    typeof value === 'string' && URL.canParse(value) ? value : 'none:',
  )
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}

/** As `URL` writes it: two spellings of one address must not look like two servers. */
const trim = (url: string): string => new URL(url).href.replace(/\/+$/, '')
