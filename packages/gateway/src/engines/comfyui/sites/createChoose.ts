import { createMemory } from '../../../records/createMemory.ts'
import { NoAnswer } from '../server/NoAnswer.ts'
import { ask } from './ask.ts'
import type { Candidate, Site } from './types.ts'

/** Whether a worker stands still is looked at in passing, as the whole queue has to be read for it. */
const LOOK_EVERY_MS = 2_000

/**
 * Chooses the server with the shortest queue for a run, and calls `send` with it. Until that is over, the run counts as
 * one in the queue.
 */
export type Choose = <T>(candidates: readonly Candidate[], send: (one: Candidate) => Promise<T>) => Promise<T>

export function createChoose(): Choose {
  /** Runs on their way to a server, which its queue may not show yet. */
  const coming = new Map<Site, number>()
  /** Where a workflow ran last: its models are loaded there. */
  const warm = createMemory<Site>(500)
  const lookedAt = new Map<Site, number>()

  const isStalled = (site: Site): boolean => {
    if (Date.now() - (lookedAt.get(site) ?? 0) >= LOOK_EVERY_MS) {
      lookedAt.set(site, Date.now())
      void site.container.read().catch(() => {})
    }
    return site.container.latest().status === 'stalled'
  }

  async function pick(candidates: readonly Candidate[]): Promise<Candidate> {
    if (candidates.length === 1) return candidates[0]!
    const { answers } = await ask(
      candidates.map(({ site }) => site),
      readLength,
    )
    const last = warm.get(candidates[0]!.workflow.shown.id)
    // Where all stand still, one of them has to do.
    const keyOf = ([site, length]: readonly [Site, number]): number[] => [
      isStalled(site) ? 1 : 0,
      length + (coming.get(site) ?? 0),
      site === last ? 0 : 1,
      // Gateways that choose at the same time must not all choose the same.
      Math.random(),
    ]
    const [best] = answers
      .map((answer) => ({ site: answer[0], key: keyOf(answer) }))
      .sort((a, b) => {
        const at = a.key.findIndex((value, index) => value !== b.key[index])
        return at < 0 ? 0 : a.key[at]! - b.key[at]!
      })
    return candidates.find(({ site }) => site === best!.site)!
  }

  return async (candidates, send) => {
    const one = await pick(candidates)
    warm.set(one.workflow.shown.id, one.site)
    coming.set(one.site, (coming.get(one.site) ?? 0) + 1)
    try {
      return await send(one)
    } finally {
      coming.set(one.site, coming.get(one.site)! - 1)
    }
  }
}

/** What runs and what waits: a short answer, unlike the queue. */
async function readLength({ server }: Site): Promise<number> {
  const { exec_info } = Object(await server.read('/prompt'))
  const length: unknown = Object(exec_info).queue_remaining
  if (typeof length !== 'number') throw new NoAnswer('its queue can not be read', true)
  return length
}
