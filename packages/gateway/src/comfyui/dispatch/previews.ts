// The pictures of runs: who asks for them, here or at another gateway, and how they come from a worker.
import type { Preview } from '../../engine.ts'
import { toPreview } from '../pictures.ts'
import { tellRun } from './followRuns.ts'
import { type Entry, entryOf } from './job.ts'
import type { State } from './state.ts'

/** How long pictures come after somebody has asked for them. */
const ASKED_MS = 15_000
/** How often the other gateways are told that somebody asks here. */
const TELL_MS = 5_000

const isFresh = (at: number): boolean => performance.now() - at < ASKED_MS

function askedOf({ asked }: State, id: string) {
  const never = Number.NEGATIVE_INFINITY
  const one = asked.get(id) ?? { here: never, elsewhere: never, toldAt: never }
  asked.set(id, one)
  return one
}

/** Notes that somebody asks for the pictures of a run. */
export function askFor(state: State, { job }: Entry): void {
  if (job.previews) askedOf(state, job.id).here = performance.now()
}

/** Whether somebody asks for the pictures of a run, which has previews then. */
export function isAsked({ asked, followed }: State, id: string): boolean {
  const one = asked.get(id)
  if (!one) return false
  if (followed.has(id)) one.here = performance.now()
  return isFresh(one.here) || isFresh(one.elsewhere)
}

/** Takes a picture of a run at work from its worker. */
export async function takePicture(state: State, entry: Entry, data: Uint8Array): Promise<void> {
  const { id } = entry.job
  const preview = toPreview(data)
  if (!preview || !isAsked(state, id)) return
  const before = state.pictures.numberOf(id)
  state.pictures.put(id, preview)
  if (state.pictures.numberOf(id) === before) return
  await tellElsewhere(state, id, preview)
  await tellRun(state, entry)
}

/** Gives a picture to the other gateways, if somebody asks there. */
async function tellElsewhere({ queue, pictures, progress, asked }: State, id: string, preview: Preview) {
  if (!queue.peers || !isFresh(asked.get(id)?.elsewhere ?? Number.NEGATIVE_INFINITY)) return
  try {
    await queue.peers.putPicture(id, preview.data)
    await queue.peers.tell({ run: id, news: { ...progress.get(id), preview: pictures.numberOf(id) } })
  } catch {
    // The next picture comes soon.
  }
}

/** Hears that somebody asks at another gateway. */
export function hearAsk(state: State, id: string): void {
  const one = askedOf(state, id)
  const isFirst = !isFresh(one.elsewhere)
  one.elsewhere = performance.now()
  const preview = state.pictures.get(id)
  if (isFirst && typeof preview === 'object') void tellElsewhere(state, id, preview)
}

/** Hears that another gateway has a picture. */
export function hearPicture(state: State, id: string, number: number): void {
  const read = async (): Promise<Preview | undefined> => {
    const data = await state.queue.peers?.getPicture(id).catch(() => undefined)
    return data && toPreview(data)
  }
  if (isAsked(state, id)) state.pictures.note(id, number, read)
}

/** The latest picture of a run at work. Whoever reads it asks for more. */
export async function readPreview(state: State, id: string): Promise<Preview | undefined> {
  const entry = await entryOf(state.queue, id)
  if (entry?.sentAt === undefined) return undefined
  askFor(state, entry)
  const preview = state.pictures.get(id)
  return typeof preview === 'function' ? await preview() : preview
}

export function dropPicture({ pictures, asked }: State, id: string): void {
  pictures.drop(id)
  asked.delete(id)
}

/** Forgets the pictures that nobody asks for, and tells the other gateways which pictures somebody asks for here. */
export function watchAsked(state: State): void {
  const { asked, servers, queue } = state
  for (const [id, one] of asked) {
    if (!isAsked(state, id)) {
      dropPicture(state, id)
      continue
    }
    const isDue = isFresh(one.here) && performance.now() - one.toldAt >= TELL_MS
    const isOwn = (): boolean => [...servers.values()].some(({ isAbroad, runs }) => !isAbroad && runs.has(id))
    if (!queue.peers || !isDue || isOwn()) continue
    one.toldAt = performance.now()
    queue.peers.tell({ look: id }).catch(() => {})
  }
}
