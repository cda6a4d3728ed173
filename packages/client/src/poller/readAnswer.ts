import { within } from '../internal/within.ts'
import type { Fetch } from '../types.ts'

/**
 * Reads an answer to its end, within `timeoutMs`. The limit of the request itself does not hold here: it counts the wait
 * for a turn, too.
 */
export function readAnswer(
  send: Fetch,
  href: string,
  init: RequestInit,
  timeoutMs: number,
  outer: AbortSignal | null | undefined,
): Promise<{ response: Response; said: string }> {
  return within(
    timeoutMs,
    outer ?? undefined,
    async (signal) => {
      const response = await send(href, { ...init, signal })
      return { response, said: await response.text() }
    },
    () => {
      throw new Error(`nothing within ${timeoutMs}ms`)
    },
  )
}
