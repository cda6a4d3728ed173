// How many webhooks are sent at once, so that hosts that hang hold up no others.

const MOST = 256
const MOST_PER_HOST = 2

/** Makes a function that runs work once a slot is free: in turn with other hosts, and in order within a host. */
export function createSlots(): <T>(host: string, work: () => Promise<T>) => Promise<T> {
  /** The waiting work of each host. The host that was served last comes last. */
  const waiting = new Map<string, (() => Promise<unknown>)[]>()
  const busy = new Map<string, number>()
  let free = MOST
  const count = (host: string, change: 1 | -1): void => {
    const now = (busy.get(host) ?? 0) + change
    if (now) busy.set(host, now)
    else busy.delete(host)
    free -= change
  }

  function fill(): void {
    for (const [host, works] of waiting) {
      if (free === 0) return
      if (busy.get(host) === MOST_PER_HOST) continue
      const work = works.shift()!
      waiting.delete(host)
      // The loop comes to it again.
      if (works.length > 0) waiting.set(host, works)
      count(host, 1)
      work().finally(() => {
        count(host, -1)
        fill()
      })
    }
  }

  return (host, work) =>
    new Promise((resolve, reject) => {
      const works = waiting.get(host) ?? []
      works.push(() => work().then(resolve, reject))
      waiting.set(host, works)
      fill()
    })
}
