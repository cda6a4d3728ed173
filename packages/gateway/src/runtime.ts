/** Whether work can go on without a request. On Workers, work ends with the request that began it. */
export function hasOwnTimers(): boolean {
  return globalThis.navigator?.userAgent !== 'Cloudflare-Workers'
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}

/** Calls `act` at an abort from now on, until the returned function is called. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  signal.addEventListener('abort', act, { once: true })
  return () => signal.removeEventListener('abort', act)
}

/** Waits for `work` until an abort from now on, which calls `act`; then throws the reason of the abort. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal, act: () => void): Promise<T> {
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
  // A failure after the wait concerns nobody.
  work.catch(() => {})
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
