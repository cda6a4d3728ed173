import type { HeadersSource } from '../types.ts'

/**
 * Runs `run` with a signal that follows `outer` only `graceMs` later, and throws the reason of an abort that came
 * before `run`, or what `explain` gives where `run` fails after one: its reason, too, unless told otherwise. The headers
 * that `run` is given are asked for before each attempt: after an abort there is no further one.
 */
export async function withGrace<T>(
  graceMs: number,
  outer: AbortSignal | undefined,
  headers: HeadersSource | undefined,
  run: (signal: AbortSignal | undefined, headers: HeadersSource | undefined) => Promise<T>,
  explain: (error: unknown) => unknown = () => outer!.reason,
): Promise<T> {
  if (!outer || !graceMs) return run(outer, headers)
  outer.throwIfAborted()
  const own = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const start = () => {
    timer = setTimeout(() => own.abort(), graceMs)
  }
  outer.addEventListener('abort', start)
  try {
    return await run(own.signal, async () => {
      const given = await (typeof headers === 'function' ? headers() : (headers ?? {}))
      outer.throwIfAborted()
      return given
    })
  } catch (error) {
    throw outer.aborted ? explain(error) : error
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', start)
  }
}
