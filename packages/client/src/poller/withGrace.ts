/**
 * Runs `run` with a signal that follows `outer` only `graceMs` later, and throws the reason of an abort that came
 * before `run` or made it fail.
 */
export async function withGrace<T>(
  graceMs: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal | undefined) => Promise<T>,
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
    outer.throwIfAborted()
    throw error
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', start)
  }
}
