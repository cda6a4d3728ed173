/** Options of `comfyui()`. */
export interface ComfyuiOptions {
  /** Where ComfyUI is, for example `http://127.0.0.1:8188`. */
  url: string
  /** A run whose server can't be reached for as long is failed. Default: 600000, ten minutes */
  lostAfterMs?: number | undefined
  /** Used for every request to ComfyUI. Default: the global one */
  fetch?: typeof globalThis.fetch | undefined
}

const KNOWN = ['url', 'lostAfterMs', 'fetch']

export function checkOptions(options: ComfyuiOptions): ComfyuiOptions & { lostAfterMs: number } {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('comfyui: options must be an object')
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) {
      throw new TypeError(`comfyui: unknown option "${name}"; known are ${KNOWN.join(', ')}`)
    }
  }
  const { url, lostAfterMs = 600_000, fetch } = options
  const { protocol, username, password, search, hash } = new URL(URL.canParse(url) ? url : 'none:')
  if (!/^https?:$/.test(protocol) || username || password || search || hash) {
    const address = 'an http(s) address such as "http://127.0.0.1:8188", without a name, password, "?" or "#"'
    throw new TypeError(`comfyui: option "url" must be ${address}`)
  }
  if (typeof lostAfterMs !== 'number' || !(lostAfterMs > 0)) {
    throw new TypeError(`comfyui: option "lostAfterMs" must be a number above 0, got ${String(lostAfterMs)}`)
  }
  if (fetch !== undefined && typeof fetch !== 'function') {
    throw new TypeError(`comfyui: option "fetch" must be a function, got ${typeof fetch}`)
  }
  return { url, lostAfterMs, fetch }
}
