// Waiting, aborting, working through lists, and bytes as texts and hashes, in every runtime.
/** Whether work can go on without a request. On Workers, work ends with the request that began it. */
export const hasOwnTimers = (): boolean => globalThis.navigator?.userAgent !== 'Cloudflare-Workers'

/** Whether this is Node itself, whose `node:http` counts, and not what another runtime has for it. */
export const isNode = (): boolean =>
  hasOwnTimers() && 'process' in globalThis && !('Bun' in globalThis) && !('Deno' in globalThis)

export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** The SHA-256 of a text, in hex. */
export async function hashOf(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}

export const toHmacKey = (bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])

export async function hmac(key: CryptoKey, text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text)))
}

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  // A multiple of three, so that no piece ends with padding.
  for (let at = 0; at < bytes.length; at += 24_576)
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + 24_576)))
  return text
}

export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

/** Calls `act` if the signal aborts from now on, until the returned function is called. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  signal.addEventListener('abort', act, { once: true })
  return () => signal.removeEventListener('abort', act)
}

/** Waits for `work`. If the signal aborts meanwhile, calls `act` and throws the reason. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal, act = (): void => {}): Promise<T> {
  let forget: () => void
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => {
      act()
      reject(signal.reason)
    })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    forget!()
  }
}

/** A body that makes its pieces as they are read: `pull` is called once somebody waits for one, and never ahead. */
export const lazyStream = (
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>,
  cancel: (reason: unknown) => void | Promise<void> = () => {},
): ReadableStream<Uint8Array> => new ReadableStream({ pull, cancel }, { highWaterMark: 0 })

const AT_ONCE = 8

/** Works through a list, a few items at a time. */
export async function forEach<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<unknown>,
): Promise<void> {
  const rest = items.entries()
  const go = async (): Promise<void> => {
    for (const [index, item] of rest) await work(item, index)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, go))
}

/** Waits for work, for `ms` at most. */
export async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  // Nobody hears of a failure after the wait.
  work.catch(() => {})
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
