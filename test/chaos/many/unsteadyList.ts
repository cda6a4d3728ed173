import type { Fetch } from '@flowscale/client'
import { createRandom } from '../../support/random.ts'

export interface UnsteadyList {
  fetch: Fetch
  /** What was asked for. */
  readonly counts: Record<'executes' | 'cancels' | 'lists' | 'runs' | 'outputs', number>
  /** How many runs were missing from lists, and how many were shown as they had been before. */
  readonly spoiled: { missing: number; backwards: number }
}

/** How often a list is hit, and how many of its runs. */
const CHANCE = 0.15
const PART = 0.03

/**
 * A fetch that counts. With `isUnsteady` some lists lack some of their runs, and some show runs as they were before: what
 * is paged while runs arrive, or read from a copy that is behind.
 */
export function unsteadyList(seed: number, isUnsteady: boolean): UnsteadyList {
  const random = createRandom(seed, 'lists')
  const counts = { executes: 0, cancels: 0, lists: 0, runs: 0, outputs: 0 }
  const spoiled = { missing: 0, backwards: 0 }

  const kindOf = (url: string, method: string | undefined): keyof typeof counts => {
    const path = new URL(url).pathname.split('/').slice(4).join('/')
    if (method === 'POST') return path ? 'cancels' : 'executes'
    return path === '' ? 'lists' : path === 'output' ? 'outputs' : 'runs'
  }

  function spoil(text: string): string {
    const draw = random()
    if (draw > CHANCE) return text
    const envelope = JSON.parse(text)
    const runs: object[] = envelope.data.runs
    envelope.data.runs = runs.flatMap((run) => {
      if (random() > PART) return run
      if (draw < CHANCE / 2) {
        spoiled.missing++
        return []
      }
      spoiled.backwards++
      return { ...run, status: 'queued', outputs: [] }
    })
    return JSON.stringify(envelope)
  }

  return {
    counts,
    spoiled,
    async fetch(url, init) {
      const kind = kindOf(url, init.method)
      counts[kind]++
      const response = await globalThis.fetch(url, init)
      if (kind !== 'lists' || !isUnsteady || !response.ok) return response
      let text = await response.text()
      try {
        text = spoil(text)
      } catch {
        // A fault was first.
      }
      const { status, headers } = response
      return new Response(text || null, { status, headers })
    },
  }
}
