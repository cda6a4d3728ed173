import { ArgumentError, type ClientOptions, type ExecuteOptions, type Logger } from '@flowscale/client'
import type { ExecuteAsyncOptions } from '@flowscale/client/poller'

/** Options of {@link FlowscaleAPI}, as published. */
export interface FlowscaleOptions {
  /** The key. Required, except with `proxyMode`. */
  apiKey?: string | undefined
  /** The address. Required: the type allows `undefined` only for `process.env.FLOWSCALE_API_URL`. */
  baseUrl: string | URL | undefined
  /** `true` allows an `apiKey` in a browser, where every visitor can read it. Default `false`. */
  allowDangerouslyExposeApiKey?: boolean | undefined
  /** Whether log lines are written. Default `true`. */
  enableLogging?: boolean | undefined
  /** The lowest level that is written. Default `'info'`. */
  logLevel?: 'debug' | 'info' | 'warn' | 'error' | undefined
  /** The time limit of one attempt, in ms. Default 60000. */
  timeout?: number | undefined
  /** How many times a request is retried if that is safe. Default 3. */
  retries?: number | undefined
  /** The same as `retries`. */
  maxRetries?: number | undefined
  /** The base of the pause before a retry, in ms. Default 1000. */
  retryDelay?: number | undefined
  /** `true`: a proxy adds the key, and the class sends none. Default `false`. */
  proxyMode?: boolean | undefined
  /** Sent with every request to `baseUrl`, such as `{ Authorization: 'Bearer …' }`. */
  customHeaders?: Record<string, string> | undefined
  /** The address that a gateway with a queue calls at the end of each run. A method that submits takes one for its run. */
  webhookUrl?: string | undefined
  /** Ignored with a warning, because fetch takes no agent. The warning says what a proxy needs instead. */
  httpAgent?: unknown
  /** Used instead of the global `fetch`. */
  fetch?: ClientOptions['fetch']
}

/** An option of the methods that submit. */
interface WebhookOption {
  /** The address that a gateway with a queue calls when the run ends. It replaces the one of the class. */
  webhookUrl?: string | undefined
}

/** Options of `executeWorkflow`, after its published parameters. */
export type SubmitOptions = Omit<ExecuteOptions, 'groupId'> & WebhookOption

/** Options of `executeWorkflowAsync`, after its published parameters. */
export type AsyncOptions = Omit<ExecuteAsyncOptions, 'groupId' | 'pollIntervalMs' | 'timeoutMs'> &
  WebhookOption

/** The client's options for the published ones, without the headers, which the class sets. */
export function toClientOptions(options: FlowscaleOptions, logger: Logger): ClientOptions {
  const { apiKey, baseUrl, proxyMode, httpAgent, timeout, retries, maxRetries = retries } = options
  if (!proxyMode && !apiKey) {
    throw new ArgumentError(
      'apiKey is missing: pass process.env.FLOWSCALE_API_KEY, or proxyMode: true for a proxy with a key',
    )
  }
  if (!baseUrl) throw new ArgumentError('baseUrl is missing: pass process.env.FLOWSCALE_API_URL')
  if (httpAgent) {
    logger.warn(
      'httpAgent is ignored: call install() of undici, and pass fetch: (url, init) => ' +
        'fetch(url, { ...init, dispatcher: new ProxyAgent(proxyUrl) })',
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
