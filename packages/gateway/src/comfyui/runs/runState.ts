// Finds the state of a run at its ComfyUI: in its queue, in its history, in neither, or lost with a ComfyUI that is away.
import type { Run } from '../../engine.ts'
import { NoAnswer } from '../api/client.ts'
import { type Sighting, seekRun } from '../api/queue.ts'
import {
  type Ended,
  isRunId,
  type Progress,
  type RunRecords,
  type Submitted,
  submittedIn,
  toEndedRun,
  toRun,
} from '../runRecord.ts'
import type { ComfyServer } from '../server.ts'
import { endOf, endWithout, UNKNOWN } from './historyEnd.ts'

/**
 * Finds a run by its id; `undefined` if the server has answered and has no run of a gateway with that id. An end that is
 * seen is written down, and counts from then on. `maxAgeMs`: how old an earlier answer about the queue may be.
 */
export async function findRun(
  server: ComfyServer,
  records: RunRecords,
  id: string,
  maxAgeMs?: number,
): Promise<Run | undefined> {
  if (!isRunId(id)) return undefined
  try {
    const known = records.cachedEnd(id)
    if (known) return toEndedRun(known)
    // Read before the search: a run that is taken meanwhile may be in neither answer.
    const others = server.taken.get(id)
    // Both at once, though an end that is written down counts: most runs have none.
    const [ended, sighting] = await Promise.allSettled([records.getEnd(id), seekRun(server, id, maxAgeMs)])
    if (ended.status === 'rejected') throw ended.reason
    if (ended.value) return toEndedRun(ended.value)
    if (sighting.status === 'rejected') throw sighting.reason
    const isCancelled = (): Promise<boolean> => records.isCancelRequested(id)
    const found = await decide(server, id, await records.getRun(id), isCancelled, others, sighting.value)
    return found && 'run' in found ? await finish(server, records, found) : found
  } catch (error) {
    const run = records.cachedRun(id)
    if (!run) throw error
    return await finish(server, records, lostEnd(server, run, error))
  }
}

/** Finds the end of a run that was sent; `undefined` as long as there is none. */
export async function findEnd(
  server: ComfyServer,
  run: Submitted,
  isCancelled: () => boolean,
): Promise<Ended | undefined> {
  try {
    const others = server.taken.get(run.id)
    const sighting = await seekRun(server, run.id, 0)
    const found = await decide(server, run.id, run, isCancelled, others, sighting)
    return found && 'run' in found ? found : undefined
  } catch (error) {
    return lostEnd(server, run, error)
  }
}

/** The end of the run, or its state if it goes on. */
async function decide(
  server: ComfyServer,
  id: string,
  known: Submitted | undefined,
  isCancelled: () => boolean | Promise<boolean>,
  others: readonly string[] | undefined,
  { item, position = 0, running = 0, history, waiting }: Sighting,
): Promise<Ended | Run | undefined> {
  if (history) server.taken.set(id, others ?? [])
  if (item) {
    const run = known ?? submittedIn(item.extra, id)
    if (!run || position < running) return run && toRun(run, { status: 'running', ...progressOf(server, id) })
    return toRun(run, { status: 'queued', progress: 0, position })
  }
  if (history === 'unreadable')
    return known && endWithout(known, 'failed', "ComfyUI's history of this run can't be read")
  if (history) {
    const run = known ?? submittedIn(history.extra, id)
    return run && endOf(run, history)
  }
  if (!known) return undefined
  const wasTaken = others !== undefined
  // In both directions: a clock that was set back must not keep the run on its way for hours.
  const gone = wasTaken || Math.abs(Date.now() - known.createdAt) > server.comingMs
  if (!gone) return toRun(known, { status: 'queued', progress: 0, position: waiting })
  // A run that is deleted while it waits leaves no trace.
  if (await isCancelled()) return endWithout(known, 'cancelled', null)
  const why = !wasTaken
    ? 'The run never reached ComfyUI, or ComfyUI restarted'
    : (await hasAny(server, others))
      ? "Somebody removed the run from ComfyUI's queue or history"
      : 'ComfyUI restarted'
  return { ...endWithout(known, 'failed', `${why}, ${UNKNOWN}`), ...(!wasTaken && { isAbsent: true }) }
}

/** Whether the server still has one of these runs. If so, it has not restarted: a restart empties queue and history. */
export async function hasAny(server: ComfyServer, ids: readonly string[]): Promise<boolean> {
  for (const id of new Set(ids)) {
    const { item, history } = await seekRun(server, id)
    if (item || history) return true
  }
  return false
}

/** The end of a run whose server has been away for too long. Else it throws the error that the search met. */
function lostEnd({ client, lostAfterMs }: ComfyServer, run: Submitted, error: unknown): Ended {
  if (!(error instanceof NoAnswer) || client.awayForMs() < lostAfterMs) throw error
  const minutes = Math.round(lostAfterMs / 6_000) / 10
  return endWithout(run, 'failed', `ComfyUI could not be reached for ${minutes} minutes, ${UNKNOWN}`)
}

async function finish(server: ComfyServer, records: RunRecords, ended: Ended): Promise<Run | undefined> {
  const run = toEndedRun(await records.addEnd(ended))
  // Progress never goes back.
  return run && { ...run, progress: Math.max(run.progress, progressOf(server, run.id).progress) }
}

/** The progress of a run that goes on, as far as this gateway heard. */
const progressOf = ({ progress }: ComfyServer, id: string): Progress => progress.get(id) ?? { progress: 0 }
