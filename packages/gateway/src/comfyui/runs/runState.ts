import type { Run } from '../../engine.ts'
import { NoAnswer } from '../api/client.ts'
import { type Sighting, seekRun } from '../api/queue.ts'
import { type Ended, isRunId, type Progress, type Submitted, toEndedRun, toRun } from '../runRecord.ts'
import type { ComfyServer } from '../server.ts'
import { endOf, endWithout, UNKNOWN } from './historyEnd.ts'

/**
 * Finds a run by its id; `undefined` if the server has answered and has no run of a gateway with that id. An end that is
 * seen is written down, and counts from then on. `maxAgeMs`: how old an earlier answer about the queue may be.
 */
export async function findRun(server: ComfyServer, id: string, maxAgeMs?: number): Promise<Run | undefined> {
  if (!isRunId(id)) return undefined
  try {
    const known = server.records.cachedEnd(id)
    if (known) return toEndedRun(known)
    // Read before the search: a run that is taken meanwhile may be in neither answer.
    const others = server.taken.get(id)
    // Both at once: an end that is written down counts, and most runs have not ended.
    const both = [server.records.getEnd(id), seekRun(server, id, maxAgeMs)] as const
    const [ended, sighting] = await Promise.allSettled(both)
    if (ended.status === 'rejected') throw ended.reason
    if (ended.value) return toEndedRun(ended.value)
    if (sighting.status === 'rejected') throw sighting.reason
    return await decide(server, id, others, sighting.value)
  } catch (error) {
    const run = server.records.cachedRun(id)
    if (!(error instanceof NoAnswer) || !run || server.client.awayForMs() < server.lostAfterMs) throw error
    return await lose(server, run)
  }
}

async function decide(
  server: ComfyServer,
  id: string,
  others: readonly string[] | undefined,
  { item, position = 0, running = 0, history, waiting }: Sighting,
): Promise<Run | undefined> {
  const { records, taken } = server
  const known = await records.getRun(id)
  if (history) taken.set(id, others ?? [])
  if (item) {
    const run = known ?? submittedIn(item.extra, id)
    if (!run || position < running) return run && toRun(run, { status: 'running', ...progressOf(server, id) })
    return toRun(run, { status: 'queued', progress: 0, position })
  }
  if (history === 'unreadable') {
    return known && finish(server, endWithout(known, 'failed', "ComfyUI's history of this run can't be read"))
  }
  if (history) {
    const run = known ?? submittedIn(history.extra, id)
    return run && finish(server, endOf(run, history))
  }
  if (!known) return undefined
  const wasTaken = others !== undefined
  // A clock that was set back must not make it come for hours.
  const gone = wasTaken || Math.abs(Date.now() - known.createdAt) > server.comingMs
  if (!gone) return toRun(known, { status: 'queued', progress: 0, position: waiting })
  // A run that is deleted while it waits leaves no trace.
  if (await records.isCancelRequested(id)) return finish(server, endWithout(known, 'cancelled', null))
  const why = !wasTaken
    ? 'The run never reached ComfyUI, or ComfyUI restarted'
    : (await hasAny(server, others))
      ? "Somebody removed the run from ComfyUI's queue or history"
      : 'ComfyUI restarted'
  return finish(server, endWithout(known, 'failed', `${why}, ${UNKNOWN}`))
}

/** Whether the server still has one of these runs: neither its queue nor its history outlives it. */
async function hasAny(server: ComfyServer, ids: readonly string[]): Promise<boolean> {
  for (const id of new Set(ids)) if (await hasRun(server, id)) return true
  return false
}

async function hasRun(server: ComfyServer, id: string): Promise<boolean> {
  const { item, history } = await seekRun(server, id)
  return item !== undefined || history !== undefined
}

async function lose(server: ComfyServer, run: Submitted): Promise<Run | undefined> {
  const minutes = Math.round(server.lostAfterMs / 6_000) / 10
  const message = `ComfyUI could not be reached for ${minutes} minutes, ${UNKNOWN}`
  return await finish(server, endWithout(run, 'failed', message))
}

async function finish(server: ComfyServer, ended: Ended): Promise<Run | undefined> {
  const run = toEndedRun(await server.records.addEnd(ended))
  // Progress never goes back.
  return run && { ...run, progress: Math.max(run.progress, progressOf(server, run.id).progress) }
}

/** The progress of a run that goes on, as far as this gateway heard. */
const progressOf = ({ progress }: ComfyServer, id: string): Progress => progress.get(id) ?? { progress: 0 }

/** The record that a gateway sent with a run. */
function submittedIn(extra: unknown, id: string): Submitted | undefined {
  const run: Submitted | undefined = Object(extra).flowscale
  return run?.id === id ? run : undefined
}
