// Says what fails in the background, at most a line a minute, and when a store works again.
import type { EngineContext, Observer } from '../engine.ts'

type Log = EngineContext['log']

/** Who hears of a store. */
export interface StoreWatch {
  readonly log: Log
  readonly observer?: Observer | undefined
}

const PAUSE_MS = 60_000

/** Makes a function that logs a failure, unless it has logged the same in the last minute. */
export function createComplain(logOf: () => Log | undefined): (what: string, error: unknown) => void {
  const saidAt = new Map<string, number>()
  return (what, error) => {
    const message = `${what} failed: ${reasonOf(error)}`
    const now = performance.now()
    if (now - (saidAt.get(message) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return
    for (const [old, at] of saidAt) if (now - at >= PAUSE_MS) saidAt.delete(old)
    saidAt.set(message, now)
    logOf()?.('error', message)
  }
}

/** The same store. The log says when it begins to fail, and when it works again. `watchOf` gives nothing before the start. */
export function watchStore<S extends object>(store: S, watchOf: () => StoreWatch | undefined): S {
  const failing = new Set<string>()
  const saidAt = new Map<string, number>()
  let isClosed = false

  function fail(kind: string, error: unknown): never {
    const { log, observer } = (!isClosed && watchOf()) || {}
    observer?.storeFailed()
    const now = performance.now()
    // A failure that comes and goes is not logged each time.
    if (log && !failing.has(kind) && now - (saidAt.get(kind) ?? Number.NEGATIVE_INFINITY) >= PAUSE_MS) {
      failing.add(kind)
      saidAt.set(kind, now)
      log('error', reasonOf(error))
    }
    throw error
  }

  function succeed<T>(kind: string, result: T): T {
    if (!isClosed && failing.size > 0 && failing.delete(kind)) watchOf()?.log('info', WORKS[kind]!)
    return result
  }

  const watched =
    (name: string, method: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) => {
      isClosed ||= name === 'close'
      const result = method(...args)
      if (!(result instanceof Promise)) return result
      // A nearly full store refuses new runs only.
      const kind = name === 'commit' && Object(args[0]).isGrowth ? 'adds' : 'all'
      return result.then(
        (value) => succeed(kind, value),
        (error) => fail(kind, error),
      )
    }
  const methods = Object.entries(store).filter(([, method]) => typeof method === 'function')
  return { ...store, ...Object.fromEntries(methods.map(([name, method]) => [name, watched(name, method)])) }
}

const WORKS: Readonly<Record<string, string>> = {
  adds: 'The store of the runs takes new runs again',
  all: 'The store of the runs can be used again',
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error && !message.includes(cause.message) ? `${message}: ${cause.message}` : message
}
