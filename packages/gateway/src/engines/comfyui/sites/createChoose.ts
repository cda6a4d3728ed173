import { createMemory } from '../../../records/createMemory.ts'
import type { Queue } from '../server/readQueue.ts'
import { type Answers, ask } from './ask.ts'
import type { Candidate, Site } from './types.ts'

/** So old may an earlier answer be, of many choices at once: a queue comes with all its graphs. */
const RECENT_MS = 100

/**
 * Chooses the server with the shortest queue for a run, and calls `send` with it. Until the queue shows the run, it is
 * counted beside it.
 */
export type Choose = <T>(
  candidates: readonly Candidate[],
  runId: string,
  send: (one: Candidate) => Promise<T>,
) => Promise<T>

export function createChoose(sites: readonly Site[]): Choose {
  /** Runs on their way to a server, and those it has taken, with the time of that. */
  const coming = new Map(sites.map((site) => [site, new Map<string, number>()]))
  /** Where a workflow ran last: its models are loaded there. */
  const warm = createMemory<Site>(500)

  function best(answers: Answers<Queue>['answers'], workflowId: string): Site {
    const last = warm.get(workflowId)
    const ordered = answers.map(([site, queue]) => {
      const own = coming.get(site)!
      for (const [id, takenAt] of own) if (takenAt < queue.readAt) own.delete(id)
      const shown = new Set(queue.items.map(({ id }) => id))
      const length = queue.items.length + [...own.keys()].filter((id) => !shown.has(id)).length
      // Where all stand still, one of them has to do.
      const order = [site.container.isStalled(queue) ? 1 : 0, length, site === last ? 0 : 1]
      // Gateways that choose at the same time must not all choose the same.
      return { site, order: [...order, Math.random()] }
    })
    ordered.sort((a, b) => {
      const at = a.order.findIndex((value, index) => value !== b.order[index])
      return at < 0 ? 0 : a.order[at]! - b.order[at]!
    })
    return ordered[0]!.site
  }

  return async (candidates, runId, send) => {
    let [one] = candidates as [Candidate]
    const { id } = one.workflow.shown
    if (candidates.length > 1) {
      const { answers } = await ask(
        candidates.map(({ site }) => site),
        ({ readQueue }) => readQueue(RECENT_MS),
      )
      const site = best(answers, id)
      one = candidates.find((candidate) => candidate.site === site)!
    }
    // At once: the next choice may be a moment away.
    const own = coming.get(one.site)!.set(runId, Number.POSITIVE_INFINITY)
    warm.set(id, one.site)
    try {
      return await send(one)
    } finally {
      const now = Date.now()
      own.set(runId, now)
      // Every queue that is read from now on shows these, or they have ended.
      for (const [old, takenAt] of own) if (takenAt < now - 10 * RECENT_MS) own.delete(old)
    }
  }
}
