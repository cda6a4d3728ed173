import { ArgumentError } from './errors.ts'
import { addHeaders, isHeaderText } from './internal/headers.ts'
import {
  checkOptions,
  isBoolean,
  isCount,
  isFunction,
  isHeaders,
  isMs,
  type Rule,
} from './internal/options.ts'
import { isBrowser } from './internal/runtime.ts'
import { hide } from './internal/secrets.ts'
import type { Client, ClientOptions } from './types.ts'

const levels = ['debug', 'info', 'warn', 'error']

const rules: Record<keyof ClientOptions, Rule> = {
  // `readBaseUrl` checks it.
  baseUrl: () => true,
  // No message of these rules shows a value: it may be the key, in the wrong option.
  apiKey: isHeaderText,
  allowDangerouslyExposeApiKey: isBoolean,
  headers: isHeaders,
  timeoutMs: isMs,
  maxRetries: isCount,
  retryDelayMs: isMs,
  fetch: isFunction,
  // The mistake to expect is `true`.
  idempotency: (value) => !!value?.submit || 'imported from this package',
  logger: (value) =>
    levels.every((level) => typeof value?.[level] === 'function') || `an object with ${levels}`,
}

/**
 * Makes the client that every function takes as its first argument. It sends no request. The client is a
 * frozen object: `console.log` and `JSON.stringify` can't show its key and headers.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if an option is unknown or wrong, or if a browser
 * gets an `apiKey` without `allowDangerouslyExposeApiKey: true`.
 *
 * @example
 * ```ts
 * const client = createClient({
 *   baseUrl: 'https://my-pod.pod.flowscale.ai',
 *   apiKey: process.env.FLOWSCALE_API_KEY,
 * })
 * ```
 */
export function createClient(options: ClientOptions): Client {
  checkOptions(options, rules)
  const { apiKey, headers, timeoutMs = 60_000, maxRetries = 3, retryDelayMs = 1000 } = options
  if (apiKey && !options.allowDangerouslyExposeApiKey && isBrowser()) {
    throw new ArgumentError(
      'apiKey: visitors could read it; use a proxy, or set allowDangerouslyExposeApiKey',
    )
  }
  const own = typeof headers === 'function' ? headers : addHeaders({}, headers ?? {}, apiKey)
  return hide(
    { baseUrl: readBaseUrl(options.baseUrl), timeoutMs, maxRetries, retryDelayMs },
    { ...options, headers: own },
  )
}

function readBaseUrl(baseUrl: string | URL): string {
  try {
    // `//host` and `/\host` look like paths and lead to another host.
    const page = /^\/(?![\s/\\])/.test(baseUrl as string) ? 'http://-' : ''
    const { href, origin, pathname } = new URL(page + baseUrl)
    if (/^http/.test(href) && href === origin + pathname) {
      const base = href.slice(page.length).replace(/\/+$/, '')
      if (!base.endsWith('/api/v1')) return base
    }
  } catch {}
  // The value is not shown: it may hold a login or a key.
  throw new ArgumentError(
    'baseUrl must be an http(s) URL (or a path in a page) without login, ?, # or final /api/v1',
  )
}
