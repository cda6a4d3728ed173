import { ArgumentError } from './errors.ts'

/** From the most to the least verbose. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The target of log lines: an object with a method for each level, such as `console`. */
// biome-ignore lint/suspicious/noExplicitAny: what a sink takes is its own
export type LogSink = Record<LogLevel, (...args: any[]) => void>

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Whether lines are written. Default `true`. */
  enabled?: boolean | undefined
  /** The lowest level that is written. Default `'info'`. */
  level?: LogLevel | undefined
  /** The target of the lines. Default: `console`. */
  sink?: LogSink | undefined
}

/** A logger with levels; it fits `createClient({ logger })`. */
export interface LevelLogger extends LogSink {
  /** Throws {@link ArgumentError} for an unknown level. */
  setLevel(level: LogLevel): void
  setEnabled(enabled: boolean): void
  /** The current settings. */
  config(): { enabled: boolean; level: LogLevel }
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/**
 * Makes a logger that writes lines such as `[Flowscale INFO] 2025-06-03T10:30:45.123Z: message`. Further arguments are
 * passed on unchanged, except that keys and tokens are replaced.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if the level is unknown.
 *
 * @example
 * ```ts
 * const logger = createLogger({ level: 'debug' })
 * const client = createClient({ baseUrl, apiKey, logger })
 * logger.setLevel('warn')
 * ```
 */
export function createLogger({
  enabled = true,
  level = 'info',
  sink = console,
}: LoggerOptions = {}): LevelLogger {
  const logger = {
    setLevel(word) {
      if (!levels.includes(word)) throw new ArgumentError(`level must be one of ${levels}`)
      level = word
    },
    setEnabled(value) {
      enabled = value
    },
    config: () => ({ enabled, level }),
  } as LevelLogger
  logger.setLevel(level)
  levels.forEach((word, rank) => {
    logger[word] = (message, ...rest) => {
      if (enabled && rank >= levels.indexOf(level)) {
        const line = `[Flowscale ${word.toUpperCase()}] ${new Date().toJSON()}: ${String(message)}`
        // The method is looked up for each line, because a test or a devtool may replace it.
        sink[word](...[line, ...rest].map(hideSecrets))
      }
    }
  })
  return logger
}

/** A key or token after its name, such as `api_key: `, or after the word `Bearer`. */
const secret = /((api.?key|authorization)([^"]{0,40}":\\?"|=|: )|bearer )(\w+ )?[^\s"&\\]+/gi

/** An error, Headers, a Map or the like as a plain object, because a console shows their content and JSON does not. */
function open(item: unknown): unknown {
  if (item instanceof Error) return { error: `${item}`, stack: item.stack, cause: item.cause, ...item }
  const { entries } = Object(item)
  return typeof entries === 'function' && !Array.isArray(item) ? Object.fromEntries(entries.call(item)) : item
}

/** `value` itself if it holds no secret, or else a copy without secrets, with the types of JSON. */
function hideSecrets(value: unknown): unknown {
  const seen = new Set()
  try {
    const json = JSON.stringify(value, (_, item) =>
      // JSON can't show a bigint or a circle. `Object` gives a new object for each primitive, so a primitive is never seen twice.
      typeof item === 'bigint' || seen.has(item) ? '…' : seen.add(Object(item)) && open(item),
    )
    const clean = json.replace(secret, '$1[redacted]')
    return clean === json ? value : JSON.parse(clean)
  } catch {
    return value
  }
}
