import { inspect } from 'node:util'

/** The key of every test. Whatever shows it, but for the header `X-API-KEY` to the base URL, is a leak. */
export const CANARY = 'fsk_canary_9d1f0c7be2a845'

/** How often this process looked for the canary; the runner adds the processes up. */
export let looks = 0

/** Throws if `value` shows the canary to a logger, an inspector, a serializer or a reader of its properties. */
export function assertNoCanary(value: unknown, what = 'value'): void {
  looks++
  const views: Record<string, () => unknown> = {
    string: () => String(value),
    json: () => JSON.stringify(value),
    inspect: () => inspect(value, { showHidden: true, depth: 12, getters: false, maxArrayLength: null }),
    stack: () => (value as Error | undefined)?.stack,
    cause: () => inspect((value as Error | undefined)?.cause, { showHidden: true, depth: 12 }),
    response: () => {
      const { response } = value as { response?: Response }
      return response && inspect([response.url, response.statusText, ...response.headers])
    },
    keys: () => {
      if (typeof value !== 'object' || value === null) return ''
      const own = Object.getOwnPropertyDescriptors(value)
      return Reflect.ownKeys(own).map((key) => String(Reflect.get(own, key)?.value))
    },
  }
  for (const [name, view] of Object.entries(views)) {
    let seen = ''
    try {
      seen = String(view())
    } catch {}
    if (seen.includes(CANARY)) throw new Error(`the key shows in ${what} (${name})`)
  }
}
