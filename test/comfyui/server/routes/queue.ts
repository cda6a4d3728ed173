import type { Context } from '../http/context.ts'
import { empty, json, type Reply } from '../http/replies.ts'
import { remove } from '../run/heap.ts'
import { sendStatus } from '../run/messages.ts'
import type { Item } from '../types.ts'

const secrets = ['api_key_comfy_org', 'auth_token_comfy_org']

export function getQueue({ life }: Context): Reply {
  const show = (items: readonly Item[]): Item[] =>
    items.map(([number, id, graph, extra, outputs]) => {
      const isShown = ([key]: [string, unknown]): boolean =>
        !life.version.createTime || !secrets.includes(key)
      return [number, id, graph, extra && Object.fromEntries(Object.entries(extra).filter(isShown)), outputs]
    })
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
    const before = life.pending.length
    remove(life.pending, id)
    if (life.pending.length === before) continue
    life.moved(id, 'out')
    sendStatus(life)
  }
  return empty()
}
