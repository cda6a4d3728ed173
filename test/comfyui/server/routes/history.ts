import type { Context } from '../http/context.ts'
import { empty, json, type Reply } from '../http/replies.ts'
import { convert } from '../python/convert.ts'

/** The newest, or a page from the oldest on. An entry that is no JSON spoils the whole answer. */
export function getHistory({ life, url }: Context): Reply {
  const read = (name: string): number | undefined => {
    const value = url.searchParams.get(name)
    return value === null ? undefined : Number(convert('INT', value))
  }
  const max = read('max_items')
  const given = read('offset') ?? -1
  const offset = given < 0 && max !== undefined ? life.history.size - max : given
  const entries: [string, unknown][] = []
  for (const entry of [...life.history].slice(Math.max(0, offset))) {
    entries.push(entry)
    if (max !== undefined && entries.length >= max) break
  }
  return json(Object.fromEntries(entries))
}

export function getHistoryEntry({ life, params: [id = ''] }: Context): Reply {
  const entry = life.history.get(id)
  return json(entry ? { [id]: entry } : {})
}

export async function postHistory({ life, readJson }: Context): Promise<Reply> {
  const body = (await readJson()) as { clear?: unknown; delete?: Iterable<string> }
  if (body.clear) life.history.clear()
  for (const id of body.delete ?? []) life.history.delete(id)
  return empty()
}
