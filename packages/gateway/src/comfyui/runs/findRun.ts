import type { Run } from '../../engine.ts'
import { NoAnswer } from '../api/client.ts'
import { type Sighting, seekRun } from '../api/queue.ts'
import { type Ended, isRunId, type Progress, type Submitted, toEndedRun, toRun } from '../runRecord.ts'
import type { ComfyServer } from '../server.ts'
import { endOf, endWithout } from './endOf.ts'

/** As long as another gateway may still be sending a run that it wrote down. */
const ON_ITS_WAY_MS = 45_000
const UNKNOWN = 'result unknown: submit it again, unless its files are in output/ of ComfyUI'

/**
 * A run by its id; `undefined` where the server has answered and there is none of ours. An end that is seen is written
 * down, and counts from then on. `maxAgeMs`: how old an earlier answer about the queue may be.
 */
export async function findRun(comfy: ComfyServer, id: string, maxAgeMs?: number): Promise<Run | undefined> {
  if (!isRunId(id)) return undefined
  try {
    const known = comfy.records.cachedEnd(id)
    if (known) return toEndedRun(known)
    // Before it is sought: a run that is taken meanwhile may be in neither answer.
    const wasTaken = comfy.taken.get(id) ?? false
    // Both at once: an end that is written down counts, and most runs that are asked for go on.
    const both = [comfy.records.getEnd(id), seekRun(comfy, id, maxAgeMs)] as const
    const [ended, sighting] = await Promise.allSettled(both)
    if (ended.status === 'rejected') throw ended.reason
    if (ended.value) return toEndedRun(ended.value)
    if (sighting.status === 'rejected') throw sighting.reason
    return await judge(comfy, id, wasTaken, sighting.value)
  } catch (error) {
    const run = comfy.records.cachedRun(id)
    if (!(error instanceof NoAnswer) || !run || comfy.client.awayForMs() < comfy.lostAfterMs) throw error
    return await lose(comfy, run)
  }
}

async function lose(comfy: ComfyServer, run: Submitted): Promise<Run | undefined> {
  const minutes = Math.round(comfy.lostAfterMs / 6_000) / 10
  const message = `ComfyUI could not be reached for ${minutes} minutes, ${UNKNOWN}`
  return await finish(comfy, endWithout(run, 'failed', message))
}

async function judge(
  comfy: ComfyServer,
  id: string,
  wasTaken: boolean,
  { item, position = 0, running = 0, history, waiting }: Sighting,
): Promise<Run | undefined> {
  const { records, taken } = comfy
  const known = await records.getRun(id)
  if (item || history) taken.set(id, true)
  if (item) {
    const run = known ?? submittedIn(item.extra, id)
    if (!run || position < running) return run && toRun(run, { status: 'running', ...progressOf(comfy, id) })
    return toRun(run, { status: 'queued', progress: 0, position })
  }
  if (history === 'unreadable') {
    return known && finish(comfy, endWithout(known, 'failed', "ComfyUI's history of this run can't be read"))
  }
  if (history) {
    const run = known ?? submittedIn(history.extra, id)
    return run && finish(comfy, endOf(run, history))
  }
  if (!known) return undefined
  // Its server may have been killed before it had the record of the end.
  const ended = await records.getEnd(id, true)
  if (ended) return finish(comfy, ended)
  const gone = wasTaken || Date.now() - known.createdAt > ON_ITS_WAY_MS
  if (!gone) return toRun(known, { status: 'queued', progress: 0, position: waiting })
  const { server = comfy.client.url } = known
  if (server !== comfy.client.url && !wasTaken) return await waitForStranger(comfy, known, server)
  // What is deleted while it waits leaves no trace.
  if (await records.isCancelRequested(id)) return finish(comfy, endWithout(known, 'cancelled', null))
  const why = wasTaken ? 'ComfyUI restarted' : 'The run never reached ComfyUI, or ComfyUI restarted'
  return finish(comfy, endWithout(known, 'failed', `${why}, ${UNKNOWN}`))
}

/** The run may go on, on a server that was taken out of the addresses. It counts as one that is away. */
async function waitForStranger(comfy: ComfyServer, run: Submitted, url: string): Promise<Run | undefined> {
  const since = comfy.strangers.get(url) ?? Date.now()
  comfy.strangers.set(url, since)
  if (Date.now() - since >= comfy.lostAfterMs) return await lose(comfy, run)
  throw new NoAnswer('this gateway does not have the address of the server of this run', true)
}

async function finish(comfy: ComfyServer, ended: Ended): Promise<Run | undefined> {
  const run = toEndedRun(await comfy.records.addEnd(ended))
  // Progress never goes back.
  return run && { ...run, progress: Math.max(run.progress, progressOf(comfy, run.id).progress) }
}

/** How far a run is that goes on, as far as this gateway heard. */
export const progressOf = ({ progress }: ComfyServer, id: string): Progress =>
  progress.get(id) ?? { progress: 0 }

/** What a run of ours was sent with. */
function submittedIn(extra: unknown, id: string): Submitted | undefined {
  const run: Submitted | undefined = Object(extra).flowscale
  return run?.id === id ? run : undefined
}
