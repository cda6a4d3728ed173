import { ArgumentError } from './errors.ts'
import { addHeaders, isHeaderValue } from './internal/headers.ts'
import { checkOptions, isCount, isFunction, isHeaders, isMs, type Rule } from './internal/options.ts'
import { isBrowser } from './internal/runtime.ts'
import { hide } from './internal/secrets.ts'
import type { Client, ClientOptions } from './types.ts'

const levels = ['debug', 'info', 'warn', 'error']

const rules: Record<keyof ClientOptions, Rule> = {
  // Read below.
  baseUrl: () => true,
  // No message shows a value: it may be the key, pasted into the wrong place.
  apiKey: (value) => isHeaderValue(value) || 'a non-empty header value, trimmed',
  allowDangerouslyExposeApiKey: (value) => value === !!value || 'a boolean',
  headers: isHeaders,
  timeoutMs: isMs,
  maxRetries: isCount,
  retryDelayMs: isMs,
  fetch: isFunction,
  logger: (value) =>
    levels.every((level) => typeof value?.[level] === 'function') || `an object with ${levels}`,
}

/**
 * Makes the config that every function takes first. It is checked once, frozen, and holds the key and the
 * headers where neither `console.log` nor `JSON.stringify` can show them. No request is made.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) for an unknown or wrong option, and for an
 * `apiKey` in a browser without `allowDangerouslyExposeApiKey: true`.
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
      'apiKey: visitors could read it. Let a proxy add it (baseUrl: "/api"), ' +
        'or set allowDangerouslyExposeApiKey: true',
    )
  }
  const own = typeof headers === 'function' ? headers : addHeaders({}, headers ?? {}, apiKey)
  return hide(
    { baseUrl: readBaseUrl(options.baseUrl), timeoutMs, maxRetries, retryDelayMs },
    { ...options, headers: own },
  )
}

function readBaseUrl(baseUrl: string | URL): string {
  let wrong = 'must be an http(s) URL (or in a page a path) without credentials, query or fragment'
  try {
    // `//host` and `/\host` look like paths and lead to another host.
    const page = /^\/(?![\s/\\])/.test(baseUrl as string) ? 'http://-' : ''
    const { href, origin, pathname } = new URL(page + baseUrl)
    if (/^http/.test(href) && href === origin + pathname) {
      const base = href.slice(page.length).replace(/\/+$/, '')
      if (!base.endsWith('/api/v1')) return base
      wrong = 'must not end in /api/v1'
    }
  } catch {}
  throw new ArgumentError(`baseUrl ${baseUrl ? '' : 'is missing: it '}${wrong}`)
}
