// Reads ComfyUI's queue and history, and finds a run in them.
import { hasOwnTimers } from '../../runtime.ts'
import { type ComfyClient, NOBODY, NoAnswer, parseJson } from './client.ts'

interface QueueItem {
  readonly number: number
  readonly id: string
  /** The data that was sent with the graph, as far as a gateway sent it: others send their keys with it. */
  readonly extra: unknown
}

export interface Queue {
  /** The runs that run, and then those that wait, in the order of their turn. */
  readonly items: readonly QueueItem[]
  /** How many of the items run. */
  readonly running: number
  readonly readAt: number
}

/** `maxAgeMs`: how old an earlier answer may be. Default: ten times the duration of the last request, 250 at most. */
export type ReadQueue = (maxAgeMs?: number) => Promise<Queue>

const MOST_MS = 250

/** The queue comes with all graphs, so callers of the same moment share an answer. `onRead` gets the ids of each answer. */
export function createReadQueue(client: ComfyClient, onRead: (ids: readonly string[]) => void): ReadQueue {
  let latest: Queue | undefined
  let ageMs = MOST_MS
  /** The pending request. On Workers no request may wait for a fetch of another. */
  let coming: { readonly readAt: number; readonly queue: Promise<Queue> } | undefined

  return async (maxAgeMs = ageMs) => {
    const now = performance.now()
    const isRecent = (readAt: number): boolean => maxAgeMs > 0 && now - readAt <= maxAgeMs
    if (latest && isRecent(latest.readAt)) return latest
    if (coming && isRecent(coming.readAt) && hasOwnTimers()) return await coming.queue
    const mine = { readAt: now, queue: read(now) }
    coming = mine
    try {
      return await mine.queue
    } finally {
      if (coming === mine) coming = undefined
    }
  }

  async function read(readAt: number): Promise<Queue> {
    const { queue_running, queue_pending } = Object(await client.read('/queue'))
    const running = readItems(queue_running)
    // ComfyUI sends a heap, which is not sorted.
    const pending = readItems(queue_pending).sort((a, b) => a.number - b.number || (a.id < b.id ? -1 : 1))
    const queue = { items: [...running, ...pending], running: running.length, readAt }
    onRead(queue.items.map(({ id }) => id))
    ageMs = Math.min(MOST_MS, 10 * (performance.now() - readAt + 1))
    if (!latest || latest.readAt <= readAt) latest = queue
    return queue
  }
}

function readItems(list: unknown): QueueItem[] {
  if (!Array.isArray(list)) throw new NoAnswer('its queue can not be read')
  const items = list.filter((item) => Array.isArray(item))
  return items.map(([number, id, , all]) => ({ number: Number(number), id: `${id}`, extra: ownOf(all) }))
}

const ownOf = (extra: unknown): unknown =>
  Object(extra) === extra ? { flowscale: (extra as { flowscale?: unknown }).flowscale } : extra

/** The facts that ComfyUI keeps about a run that has ended, as far as the gateway reads them. */
export interface History {
  readonly number: number
  readonly extra: unknown
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly success: boolean
  readonly messages: readonly (readonly [type: string, data: Readonly<Record<string, unknown>>])[]
}

/** Gives `unreadable` if the run has ended, but ComfyUI fails to write its outputs as JSON. */
export async function readHistory(
  client: ComfyClient,
  id: string,
): Promise<History | 'unreadable' | undefined> {
  let { status, text } = await client.send(`/history/${id}`)
  if (status === 500) {
    // The whole server may fail, or only for a moment: ask for a run that nobody has, and then for this run again.
    await client.read(NOBODY)
    ;({ status, text } = await client.send(`/history/${id}`))
    if (status === 500) return 'unreadable'
  }
  const entries = status === 200 ? parseJson(text) : undefined
  if (Object(entries) !== entries) throw new NoAnswer('its history can not be read')
  const entry = Object(entries)[id]
  if (!entry) return undefined
  return {
    number: Number(entry.prompt?.[0]),
    extra: ownOf(entry.prompt?.[3]),
    outputs: entry.outputs ?? {},
    success: (entry.status?.status_str ?? 'success') === 'success',
    messages: entry.status?.messages ?? [],
  }
}

/** Where a server has a run: in its queue, in its history, or in neither. */
export interface Sighting {
  readonly item?: QueueItem | undefined
  /** The place of the item in the queue, and how many items of the queue run. */
  readonly position?: number | undefined
  readonly running?: number | undefined
  readonly history?: History | 'unreadable' | undefined
  /** The length of the queue. */
  readonly waiting: number
}

/** `maxAgeMs`: how old an earlier answer about the queue may be. */
export async function seekRun(
  { client, readQueue }: { readonly client: ComfyClient; readonly readQueue: ReadQueue },
  id: string,
  maxAgeMs?: number,
): Promise<Sighting> {
  const askedAt = performance.now()
  const queue = await readQueue(maxAgeMs)
  const seen = seekIn(queue, id)
  // A run that ran in an earlier answer, or was the next to run, may have ended since.
  if (seen.item && (seen.position > seen.running || queue.readAt >= askedAt)) return seen
  const history = await readHistory(client, id)
  if (history) return { history, waiting: seen.waiting }
  if (seen.item) return seen
  // The run may have moved from the queue to the history meanwhile, or may have come just now.
  const again = seekIn(await readQueue(0), id)
  return again.item ? again : { history: await readHistory(client, id), waiting: again.waiting }
}

function seekIn({ items, running }: Queue, id: string) {
  const position = items.findIndex((item) => item.id === id)
  return { item: items[position], position, running, waiting: items.length }
}
