// The scripts that Redis runs, each as one step.
import type { Batch } from '../queue/store.ts'

/** Each record begins with its version, a text of this length. */
export const VERSION_LENGTH = 12

/**
 * Writes a batch, unless a record is not as it was read. `KEYS`: records, marks. `ARGV`: see {@link toArguments}.
 */
const COMMIT = `
local call, from = redis.call, 8 + ARGV[2]
local function each(count, command, key)
  local last = from + count - 1
  -- A call in Lua takes about 8,000 arguments.
  for i = from, last, 4000 do call(command, key, unpack(ARGV, i, math.min(i + 3999, last))) end
  from = last + 1
end
for i = 8, from - 1, 2 do
  local found = call('HGET', KEYS[1], ARGV[i]) or ''
  if string.sub(found, 1, ${VERSION_LENGTH}) ~= ARGV[i + 1] then return 0 end
end
-- This comes first: if the user may not publish, nothing is written. Others read once the script has ended.
for i = from, from + ARGV[3] - 1 do call('PUBLISH', ARGV[1], ARGV[i]) end
from = from + ARGV[3]
each(ARGV[4], 'HSET', KEYS[1])
each(ARGV[5], 'HDEL', KEYS[1])
each(ARGV[6], 'ZREM', KEYS[2])
each(ARGV[7], 'ZADD', KEYS[2])
return 1
`

/** The most groups that a script reads, since it stops Redis for all others. */
export const HEADS_PORTION = 500

/** The end of a group's marks: in the order of bytes, `0` follows `/`. */
export const groupEnd = (prefix: string, mark: string): string =>
  `${mark.slice(0, mark.indexOf('/', prefix.length))}0`

/** Reads a portion of the first marks of groups. `KEYS`: marks. `ARGV`: the prefix, and where to begin. */
const HEADS = `#!lua flags=no-writes
local heads, from = {}, ARGV[2]
while #heads < ${HEADS_PORTION} do
  local mark = redis.call('ZRANGE', KEYS[1], '[' .. from, '(' .. ARGV[1] .. '\\127', 'BYLEX', 'LIMIT', 0, 1)[1]
  if not mark then break end
  heads[#heads + 1] = mark
  from = string.sub(mark, 1, string.find(mark, '/', #ARGV[1] + 1, true) - 1) .. '0'
end
return heads
`

/** Keeps the place of the files as long as gateways repeat it. If others have another place, gives that. `KEYS`: place. */
const BEAT = `#!lua flags=allow-oom
redis.call('PUBLISH', ARGV[3], ARGV[4])
local other = redis.call('GET', KEYS[1])
if other and other ~= ARGV[1] then return other end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
`

/** A full Redis refuses `grow`, but not `change`. */
export const SCRIPTS: Record<string, { lua: string; numberOfKeys: number }> = {
  grow: { lua: `#!lua${COMMIT}`, numberOfKeys: 2 },
  change: { lua: `#!lua flags=allow-oom${COMMIT}`, numberOfKeys: 2 },
  heads: { lua: HEADS, numberOfKeys: 1 },
  beat: { lua: BEAT, numberOfKeys: 1 },
}

/** The arguments of the script of a commit: the channel, the number of arguments of each kind, and these. */
export function toArguments(batch: Batch, channel: string): (string | number)[] {
  const { checks, marks, unmarks, messages } = batch
  const version = crypto.randomUUID().slice(-VERSION_LENGTH)
  const sets: string[] = []
  const removed: string[] = []
  for (const [key, text] of batch.records) {
    if (text === undefined) removed.push(key)
    else sets.push(key, version + text)
  }
  const kinds = [[...checks].flat(), messages, sets, removed, unmarks, marks.flatMap((mark) => ['0', mark])]
  return [channel, ...kinds.map(({ length }) => length), ...kinds.flat()]
}
