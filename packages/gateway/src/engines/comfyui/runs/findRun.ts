import type { Run } from '../../../engine.ts'
import type { Ended, Submitted } from '../records/types.ts'
import { NoAnswer } from '../server/NoAnswer.ts'
import { readHistory } from '../server/readHistory.ts'
import { endOf, endWithout } from './endOf.ts'
import { showEnded, showRun } from './showRun.ts'
import type { Progress, Shop } from './types.ts'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** As long as another gateway may still be sending a run that it wrote down. */
const ON_ITS_WAY_MS = 45_000

/**
 * A run by its id; `undefined` where the server has answered and there is none of ours. An end that is seen is written
 * down, and counts from then on.
 */
export async function findRun(shop: Shop, id: string, maxAgeMs?: number): Promise<Run | undefined> {
  // Nothing else is ever an id of ours, nor of a file.
  if (!UUID.test(id)) return undefined
  try {
    const ended = await shop.records.ended(id)
    return ended ? showEnded(ended) : await look(shop, id, maxAgeMs)
  } catch (error) {
    const run = shop.records.remembered(id)
    if (!(error instanceof NoAnswer) || !run || shop.server.awayForMs() < shop.lostAfterMs) throw error
    const minutes = Math.round(shop.lostAfterMs / 6_000) / 10
    const message = `ComfyUI could not be reached for ${minutes} minutes, result unknown`
    return await finish(shop, endWithout(run, 'failed', message))
  }
}

async function look(shop: Shop, id: string, maxAgeMs: number | undefined): Promise<Run | undefined> {
  const { server, records, taken } = shop
  const known = await records.submitted(id)
  let waiting = 0
  // Twice: what is in neither may have gone from the one to the other, or have come just now.
  for (const age of [maxAgeMs, 0]) {
    const queue = await shop.readQueue(age)
    waiting = queue.running.length + queue.pending.length
    const waits = queue.pending.findIndex((item) => item.id === id)
    const item = queue.pending[waits] ?? queue.running.find((running) => running.id === id)
    if (item) {
      taken.set(id, true)
      const run = known ?? markOf(item.extra, id)
      if (!run || waits < 0) return run && showRun(run, { status: 'running', ...told(shop, id) })
      return showRun(run, { status: 'queued', progress: 0, position: queue.running.length + waits })
    }
    const history = await readHistory(server, id)
    if (history === 'unreadable') {
      return known && finish(shop, endWithout(known, 'failed', 'ComfyUI can not tell what this run made'))
    }
    if (history) {
      const run = known ?? markOf(history.extra, id)
      return run && finish(shop, endOf(run, history))
    }
  }
  if (!known) return undefined
  const gone = taken.get(id) || Date.now() - known.createdAt > ON_ITS_WAY_MS
  if (!gone) return showRun(known, { status: 'queued', progress: 0, position: waiting })
  // What is deleted while it waits leaves no trace.
  if (await records.cancelAsked(id)) return finish(shop, endWithout(known, 'cancelled', null))
  return finish(shop, endWithout(known, 'failed', 'ComfyUI restarted, result unknown'))
}

async function finish(shop: Shop, ended: Ended): Promise<Run | undefined> {
  const run = showEnded(await shop.records.end(ended))
  // Progress never goes back.
  return run && { ...run, progress: Math.max(run.progress, told(shop, run.id).progress) }
}

const told = ({ progress }: Shop, id: string): Progress => progress.get(id) ?? { progress: 0 }

/** What a run of ours was sent with. */
function markOf(extra: unknown, id: string): Submitted | undefined {
  const mark = (extra as { flowscale?: Submitted } | null | undefined)?.flowscale
  return mark?.id === id ? mark : undefined
}
