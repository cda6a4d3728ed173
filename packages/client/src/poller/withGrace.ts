/**
 * Runs `run` with a signal that follows `outer` only `graceMs` later, and throws the reason of an abort that came
 * before `run`, or what `explain` gives where `run` fails after one: its reason, too, unless told otherwise.
 */
export async function withGrace<T>(
  graceMs: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal | undefined) => Promise<T>,
  explain: (error: unknown) => unknown = () => outer!.reason,
): Promise<T> {
  if (!outer || !graceMs) return run(outer)
  outer.throwIfAborted()
  const own = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const start = () => {
    timer = setTimeout(() => own.abort(), graceMs)
  }
  outer.addEventListener('abort', start)
  try {
    return await run(own.signal)
  } catch (error) {
    throw outer.aborted ? explain(error) : error
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', start)
  }
}
