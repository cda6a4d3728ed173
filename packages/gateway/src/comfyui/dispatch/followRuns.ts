// Tells listeners the states of runs, and the places of those that wait. queue/places.ts computes a place.
import type { Run } from '../../engine.ts'
import { isEntry } from '../../queue/runs.ts'
import { type Ended, toEndedRun, toRun } from '../runRecord.ts'
import { type Entry, submittedOf } from './job.ts'
import { silenceOf } from './servers.ts'
import type { State } from './state.ts'

/** Places in the queue are told no more often. */
const PLACES_MS = 250
/** So many runs are read together. */
const MOST_AT_ONCE = 1_000
/** A run waits so long for a server before it says why there is none. */
const PATIENCE_MS = 10_000

export const isLong = (since: number): boolean => performance.now() - since >= PATIENCE_MS

/** The run as callers see it. */
export async function runOf(state: State, found: Entry | Ended): Promise<Run> {
  if (!isEntry(found)) return toEndedRun(found)!
  const { queue, progress, unmet, pictures, servers } = state
  const { job, server = '', sentAt, cost } = found
  // At once, since the queue reads places together that are asked for at one moment.
  const place = sentAt === undefined ? queue.ahead(found) : undefined
  const [run, position] = await Promise.all([submittedOf(queue, job), place])
  if (sentAt !== undefined) {
    const now = { status: 'running', progress: 0, ...progress.get(job.id) } as const
    const preview = pictures.numberOf(job.id)
    const picture = preview === undefined ? {} : { preview }
    const silence = silenceOf(servers.get(server))
    const waits = silence === undefined ? {} : { waitsFor: silence }
    return { ...toRun(run, now), startedAt: sentAt, endsAt: sentAt + cost, ...picture, ...waits }
  }
  const lack = unmet.get(job.needs)
  const reason = lack && isLong(lack.since) ? { waitsFor: lack.why } : {}
  const next = position === 0 && { endsAt: job.createdAt + cost }
  return toRun(run, { status: 'queued', progress: 0, position, ...next, ...reason })
}

/** Tells the state of a run, which was just read, to its listeners. */
export async function tellRun(state: State, found: Entry | Ended): Promise<void> {
  if (!state.listeners.has(isEntry(found) ? found.job.id : found.run.id)) return
  const look = ++state.looks
  tell(state, await runOf(state, found), look)
}

/** Reads a run that has changed elsewhere, and tells its state. */
export async function tellAnew(state: State, id: string): Promise<void> {
  try {
    const found = await state.queue.get(id)
    if (found) await tellRun(state, found)
  } catch {
    // Nobody says it again, and it may be the end.
    state.untold.add(id)
  }
}

/** Tells the states that could not be read before. */
export function tellUntold(state: State): void {
  const ids = [...state.untold]
  state.untold.clear()
  for (const id of ids) if (state.followed.has(id)) void tellAnew(state, id)
}

function tell({ followed, listeners }: State, run: Run, look: number): void {
  const one = followed.get(run.id)
  if (one) {
    // A later look was told meanwhile: reading a place takes longer than reading an end.
    if (one.look > look) return
    Object.assign(one, { look, told: textOf(run) })
  }
  listeners.tell(run)
}

const textOf = ({ status, position, waitsFor }: Run): string => `${status} ${position} ${waitsFor}`

/** Tells the places that have changed: soon, and by one look after another. */
export function tellPlaces(state: State): void {
  state.arePlacesOld = true
  state.placesTimer ??= setTimeout(async () => {
    state.arePlacesOld = false
    await readPlaces(state).catch((error) => state.complain('Reading the places of runs', error))
    state.placesTimer = undefined
    if (state.arePlacesOld) tellPlaces(state)
  }, PLACES_MS)
}

async function readPlaces(state: State): Promise<void> {
  const ids = [...state.followed.keys()]
  for (let at = 0; at < ids.length; at += MOST_AT_ONCE) {
    const look = ++state.looks
    const entries = await state.queue.live(ids.slice(at, at + MOST_AT_ONCE))
    const waiting = entries.filter(({ sentAt }) => sentAt === undefined)
    await Promise.all(waiting.map((entry) => tellPlace(state, entry, look).catch(() => {})))
  }
}

async function tellPlace(state: State, entry: Entry, look: number): Promise<void> {
  const run = await runOf(state, entry)
  const one = state.followed.get(run.id)
  if (one && one.told !== textOf(run)) tell(state, run, look)
}

/** Makes listeners hear of each change of this run, until the returned function is called. */
export function followRun({ followed }: State, id: string): () => void {
  const one = followed.get(id) ?? { followers: 0, look: 0 }
  followed.set(id, one)
  one.followers++
  let isLeft = false
  return () => {
    if (isLeft) return
    isLeft = true
    if (--one.followers === 0) followed.delete(id)
  }
}
