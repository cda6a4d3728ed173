// When a webhook is sent again.
import type { Outcome } from '../queue/deliveries.ts'

/** The pause after each attempt, in seconds. After the last one the delivery has failed. */
const PAUSES_S: readonly number[] = [5, 60, 300, 1800, 7200, 21_600, 43_200, 86_400]
/** At most this part of a pause is added, at random: webhooks that failed together don't come together again. */
const JITTER = 0.2
/** The longest `Retry-After` that counts: all attempts must fit into three days, the shortest time that records are kept. */
const MOST_MS = 7_200_000

/** What to do after an attempt, the number of which is counted from 1. `random` gives a number from 0 up to 1. */
export function judge(
  outcome: Outcome,
  attempts: number,
  random: () => number,
): { readonly status: 'delivered' | 'failed' } | { readonly status: 'pending'; readonly afterMs: number } {
  const { status, retryAfterMs = 0 } = 'status' in outcome ? outcome : { status: 0 }
  if (status >= 200 && status < 300) return { status: 'delivered' }
  const pauseS = PAUSES_S[attempts - 1]
  // 410: the receiver is gone for good.
  if (status === 410 || pauseS === undefined) return { status: 'failed' }
  const pauseMs = Math.max(pauseS * 1000, Math.min(retryAfterMs, MOST_MS))
  return { status: 'pending', afterMs: Math.round(pauseMs * (1 + JITTER * random())) }
}
