import { type Context, empty, json, type Reply } from './http.ts'
import { sendStatus } from './sockets.ts'
import type { Item, Life } from './types.ts'

/** What others may see of the `extra_data` of a run. */
export function withoutKeys(extra: Item[3]): Item[3] {
  const { api_key_comfy_org: _, auth_token_comfy_org: __, ...rest } = extra ?? {}
  return extra && rest
}

export function getQueue({ life }: Context): Reply {
  const show = (items: readonly Item[]): Item[] =>
    items.map(([number, id, graph, extra, outputs]) => [
      number,
      id,
      graph,
      life.version.createTime ? withoutKeys(extra) : extra,
      outputs,
    ])
  return json({ queue_running: show(life.running), queue_pending: show(life.pending) })
}

/** Removes waiting runs; the running one stays. */
export async function postQueue({ life, readJson }: Context): Promise<Reply> {
  const body = (await readJson()) as { clear?: unknown; delete?: Iterable<string> }
  if (body.clear) {
    life.pending.splice(0)
    sendStatus(life)
  }
  for (const id of body.delete ?? []) {
    removeWaiting(life, id)
  }
  return empty()
}

/** Whether there was such a run. */
function removeWaiting(life: Life, id: string): boolean {
  const before = life.pending.length
  remove(life.pending, id)
  if (life.pending.length === before) return false
  sendStatus(life)
  return true
}

/** Stops one run, in whatever state. */
export function postCancel({ life, params: [id = ''] }: Context): Reply {
  const isRunning = life.running.some(([, running]) => running === id)
  if (isRunning) life.interrupted = true
  return json({ cancelled: removeWaiting(life, id) || isRunning })
}

/** Lowest number first, then the id. Two that are equal in both can't be compared. */
function isLess(a: Item, b: Item): boolean {
  if (a[0] !== b[0]) return a[0] < b[0]
  if (a[1] !== b[1]) return a[1] < b[1]
  throw new TypeError("'<' not supported between instances of 'dict' and 'dict'")
}

const isLessOrEqual = (a: Item, b: Item): boolean => {
  try {
    return isLess(a, b)
  } catch {
    return true
  }
}

function rise(heap: Item[], from: number, less: (a: Item, b: Item) => boolean): void {
  const item = heap[from]!
  let at = from
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!less(item, heap[parent]!)) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = item
}

/** Where an equal one is met it throws, and the item is in the heap all the same. */
export function push(heap: Item[], item: Item): void {
  heap.push(item)
  rise(heap, heap.length - 1, isLess)
}

export function pop(heap: Item[]): Item | undefined {
  const last = heap.pop()
  if (!last || !heap.length) return last
  const [first] = heap
  // The gap goes down to a leaf, and the last item up from there.
  let at = 0
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    const right = child + 1
    if (right < heap.length && !isLessOrEqual(heap[child]!, heap[right]!)) child = right
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
  rise(heap, at, (a, b) => isLessOrEqual(a, b) && !isLessOrEqual(b, a))
  return first
}

/** Takes out the first item of that id. */
function remove(heap: Item[], id: string): void {
  const at = heap.findIndex((item) => item[1] === id)
  if (at < 0) return
  const [, ...rest] = [heap.splice(at, 1), ...heap.splice(0)] as [Item[], ...Item[]]
  for (const item of rest) {
    heap.push(item)
    rise(heap, heap.length - 1, (a, b) => isLessOrEqual(a, b) && !isLessOrEqual(b, a))
  }
}
