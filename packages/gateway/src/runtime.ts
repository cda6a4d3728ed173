/** Whether work can go on without a request. On Workers it ends with the request that began it. */
export function hasOwnTimers(): boolean {
  return globalThis.navigator?.userAgent !== 'Cloudflare-Workers'
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}

/** Waits for `work`, but no longer than until an abort from now on, whose reason it throws. */
export async function orAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  onAbort: (reason: unknown) => void,
): Promise<T> {
  let abort: () => void
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      onAbort(signal.reason)
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort!)
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
