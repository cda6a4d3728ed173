import { ArgumentError, type ClientOptions, type Logger } from '@flowscale/client'
import type { ExecuteAsyncOptions } from '@flowscale/client/poller'

/** Options of {@link FlowscaleAPI}, as published. */
export interface FlowscaleOptions {
  /** Required, but with `proxyMode`. */
  apiKey?: string | undefined
  /** Required; `undefined` is only for the type of `process.env.FLOWSCALE_API_URL`. */
  baseUrl: string | URL | undefined
  /** Must be `true` to use an `apiKey` in a browser, where every visitor can read it. Default `false`. */
  allowDangerouslyExposeApiKey?: boolean | undefined
  /** Default `true`. */
  enableLogging?: boolean | undefined
  /** Default `'info'`. */
  logLevel?: 'debug' | 'info' | 'warn' | 'error' | undefined
  /** Limit of one attempt, in ms. Default 60000. */
  timeout?: number | undefined
  /** How often a request that is safe to repeat is tried again. Default 3. */
  retries?: number | undefined
  /** The same as `retries`. */
  maxRetries?: number | undefined
  /** Base of the back-off between attempts, in ms. Default 1000. */
  retryDelay?: number | undefined
  /** `true`: a proxy adds the key; none is needed here, and none is sent. Default `false`. */
  proxyMode?: boolean | undefined
  /** Sent with every request to `baseUrl`, such as `{ Authorization: 'Bearer …' }`. */
  customHeaders?: Record<string, string> | undefined
  /** Taken and ignored, since fetch has no place for one. A line at `warn` says so, and what a proxy needs instead. */
  httpAgent?: unknown
  /** Used instead of the global `fetch`. */
  fetch?: ClientOptions['fetch']
}

/** What `executeWorkflowAsync` takes after its published parameters. */
export type AsyncOptions = Omit<ExecuteAsyncOptions, 'groupId' | 'pollIntervalMs' | 'timeoutMs'>

/** What the published options are for the client; the headers are left to the class. */
export function toClientOptions(options: FlowscaleOptions, logger: Logger): ClientOptions {
  const { apiKey, baseUrl, proxyMode = false, httpAgent, timeout, retries, maxRetries = retries } = options
  if (!proxyMode && !apiKey) {
    throw new ArgumentError(
      'apiKey is missing: pass process.env.FLOWSCALE_API_KEY, or set proxyMode: true behind a proxy that adds it',
    )
  }
  if (!baseUrl) throw new ArgumentError('baseUrl is missing: pass process.env.FLOWSCALE_API_URL')
  if (httpAgent) {
    logger.warn(
      'httpAgent is ignored: fetch takes none. For a proxy, call install() of undici, and pass fetch: (url, init) => ' +
        'fetch(url, { ...init, dispatcher }) with a dispatcher of undici, such as a ProxyAgent',
    )
  }
  return {
    logger,
    baseUrl,
    apiKey: proxyMode ? undefined : apiKey,
    allowDangerouslyExposeApiKey: options.allowDangerouslyExposeApiKey,
    timeoutMs: timeout,
    maxRetries,
    retryDelayMs: options.retryDelay,
    fetch: options.fetch,
  }
}
