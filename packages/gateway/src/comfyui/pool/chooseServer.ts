import { NoAnswer } from '../../engines/comfyui/server/NoAnswer.ts'
import type { Candidate, Site } from '../../engines/comfyui/sites/types.ts'
import { hasOwnTimers } from '../../hasOwnTimers.ts'
import { createMemory } from '../../lruCache.ts'
import { within } from '../../within.ts'
import { type Answers, ask } from './members.ts'

/** The longest wait for the submission before. */
const TURN_MS = 100
/** A run is no longer on its way after so many ms: on Workers, a caller who leaves ends its request anywhere. */
const COMING_MS = 60_000
/** Whether a worker stands still is looked at in passing: the whole queue has to be read for it. */
const LOOK_EVERY_MS = 2_000

/** Chooses the server with the shortest queue for a run, and calls `send` with it. */
export type Choose = <T>(candidates: readonly Candidate[], send: (one: Candidate) => Promise<T>) => Promise<T>

export function createChoose(): Choose {
  /** Runs on their way to a server, and since when. */
  const coming = new Set<{ readonly site: Site; readonly since: number }>()
  /** Where a workflow ran last: its models are loaded there. */
  const warm = createMemory<Site>(500)
  const lookedAt = new Map<Site, number>()
  let before: Promise<unknown> = Promise.resolve()

  const isStalled = (site: Site): boolean => {
    if (Date.now() - (lookedAt.get(site) ?? 0) >= LOOK_EVERY_MS) {
      lookedAt.set(site, Date.now())
      void site.container.read()
    }
    return site.container.latest().status === 'stalled'
  }

  function comingTo(site: Site): number {
    for (const run of coming) if (Date.now() - run.since > COMING_MS) coming.delete(run)
    return [...coming].filter((one) => one.site === site).length
  }

  function best(answers: Answers<number>['answers'], workflowId: string): Site {
    const last = warm.get(workflowId)
    const ordered = answers.map(([site, queued]) => {
      const length = queued + comingTo(site)
      // Where all stand still, one of them has to do. Gateways that choose at once must not all choose the same.
      return { site, order: [isStalled(site) ? 1 : 0, length, site === last ? 0 : 1, Math.random()] }
    })
    ordered.sort((a, b) => {
      const at = a.order.findIndex((value, index) => value !== b.order[index])
      return at < 0 ? 0 : a.order[at]! - b.order[at]!
    })
    return ordered[0]!.site
  }

  async function pick(candidates: readonly Candidate[]): Promise<Candidate> {
    if (candidates.length === 1) return candidates[0]!
    const { answers } = await ask(
      candidates.map(({ site }) => site),
      readLength,
    )
    const site = best(answers, candidates[0]!.workflow.shown.id)
    return candidates.find((candidate) => candidate.site === site)!
  }

  async function chooseNow<T>(
    candidates: readonly Candidate[],
    send: (one: Candidate) => Promise<T>,
  ): Promise<T> {
    const one = await pick(candidates)
    const { site, workflow } = one
    warm.set(workflow.shown.id, site)
    const run = { site, since: Date.now() }
    coming.add(run)
    try {
      return await send(one)
    } finally {
      coming.delete(run)
    }
  }

  return async (candidates, send) => {
    // One after another: a queue shows a run once its server has taken it. Where requests can't wait for each other, a
    // queue may come out longer by as many runs as are submitted at once.
    if (candidates.length === 1 || !hasOwnTimers()) return await chooseNow(candidates, send)
    const turn = within(before, TURN_MS).then(() => chooseNow(candidates, send))
    before = turn.catch(() => {})
    return await turn
  }
}

/** What runs and what waits: a short answer, unlike the queue. */
async function readLength({ server }: Site): Promise<number> {
  const { exec_info } = Object(await server.read('/prompt'))
  const length: unknown = Object(exec_info).queue_remaining
  if (typeof length !== 'number') throw new NoAnswer('its queue can not be read', true)
  return length
}
