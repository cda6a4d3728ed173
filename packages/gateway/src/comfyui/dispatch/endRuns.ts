// Ends runs, and lets runs wait again that were not sent.
import type { Ended } from '../runRecord.ts'
import { endWithout, toRunEnd } from '../runs/historyEnd.ts'
import { assignRuns } from './assignRuns.ts'
import { tellPlaces, tellRun } from './followRuns.ts'
import { type Entry, entryOf, submittedOf } from './job.ts'
import { dropPicture } from './previews.ts'
import { aheadOf, gpuMsOf, restOf, type Server } from './servers.ts'
import type { State } from './state.ts'

const REST_MS = 60_000

/** Writes down the end of a run, and tells it. An earlier end counts. */
export async function endRun(state: State, entry: Entry, ended: Ended): Promise<void> {
  const { id } = entry.job
  const gpuMs = gpuMsOf(state.servers.get(entry.server ?? ''), id)
  // Nobody needs the titles of nodes after the end.
  const own = { ...ended, run: { ...ended.run, titles: {}, nodes: 0 } }
  const counts = await state.queue.end(own, gpuMs)
  const seen = counts === own && toRunEnd(own, entry)
  if (seen) state.observer?.ended(seen)
  state.steps++
  for (const server of state.servers.values()) {
    if (server.runs.delete(id)) server.wake?.()
    server.work.delete(id)
  }
  state.progress.delete(id)
  dropPicture(state, id)
  await tellRun(state, counts)
  tellPlaces(state)
  void assignRuns(state)
}

/** Ends a run that brings no result. */
export async function endInVain(
  state: State,
  entry: Entry,
  status: 'failed' | 'cancelled',
  error: string | null,
): Promise<void> {
  await endRun(state, entry, endWithout(await submittedOf(state.queue, entry.job), status, error))
}

/** Ends a run that was cancelled and not sent: the gateway that noted the cancel may have been killed before this. */
export async function endCancelled(state: State, id: string): Promise<void> {
  const entry = await entryOf(state.queue, id)
  if (entry?.isCancelled && entry.sentAt === undefined) await endInVain(state, entry, 'cancelled', null)
}

/** Takes a run from a server that has surely not sent it. */
export async function giveBack(state: State, server: Server, id: string): Promise<void> {
  const { queue, progress } = state
  const { sentAt } = server.runs.get(id) ?? {}
  // Before the request: if its answer is lost, only the next look at the queue knows whose run it is.
  server.runs.delete(id)
  await queue.giveBack(id, server.name, sentAt)
  state.steps++
  server.work.delete(id)
  progress.delete(id)
  state.pictures.drop(id)
  server.wake?.()
  // A cancel may have been noted meanwhile.
  await endCancelled(state, id)
  const entry = await entryOf(queue, id)
  if (entry) await tellRun(state, entry)
  void assignRuns(state)
}

/** Gives a server no runs for a while, since they would fail, too. */
export async function letRest(state: State, server: Server, why: string): Promise<void> {
  server.rest = { until: performance.now() + REST_MS, why }
  if (!server.isPaused) state.log('warn', `${server.name} ${restOf(server)}`)
  const ahead = aheadOf(server)
  if (ahead) await giveBack(state, server, ahead.job.id)
}
