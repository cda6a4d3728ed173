// The marks of the store in a folder: ranges, counts, and the first marks of groups.
import type { ClassicLevel, KeyIterator, KeyIteratorOptions } from 'classic-level'
import type { Store } from '../queue/store.ts'
import { createMarkCounts, type MarkCounts } from './markCounts.ts'

export type Level = ClassicLevel<string, string>
type Keys = KeyIterator<Level, string>

/** The marks in a LevelDB. */
export interface LevelMarks extends Pick<Store, 'range' | 'count' | 'heads'> {
  /** Collects the marks that a write removes (-1) and sets (1), in their order. Call `end` once they are written. */
  begin(): { add(mark: string, by: number): void; end(): void }
}

export const MARK = 'm/'
const PORTION = 1_000
const PORTION_BYTES = 1024 * 1024
/** A page this far away is found by counts. */
const FAR = 2_000
const MOST_COUNTS = 200
/** How many first marks of a group are read into memory. With later changes there may be twice as many. */
const KEPT = 100

/** `writing` gives the write that is under way, if there is one. */
export function createLevelMarks(level: Level, writing: () => Promise<void> | undefined): LevelMarks {
  /** By the beginning of the marks of a list: the list is counted once, and then the count follows each change. */
  const counts = new Map<string, MarkCounts>()
  const heads = new Map<string, ReturnType<typeof createHeads>>()

  const keysOf = (from: string, to: string, more: KeyIteratorOptions<string> = {}): Keys =>
    level.keys({ gte: MARK + from, lt: MARK + to, highWaterMarkBytes: PORTION_BYTES, ...more })

  /** Waits for the write that is under way: a read may see it or not. */
  async function written(): Promise<void> {
    while (writing()) await writing()!.catch(() => {})
  }

  async function countsOf(list: string): Promise<MarkCounts> {
    if (!counts.has(list)) await written()
    const known = counts.get(list) ?? createMarkCounts(list, portions(keysOf(list, `${list}\x7f`)))
    counts.delete(list)
    counts.set(list, known)
    if (counts.size > MOST_COUNTS) counts.delete(counts.keys().next().value!)
    await known.ready
    return known
  }

  /** How many marks of a list are before one. */
  async function rankOf(list: string, mark: string): Promise<number> {
    const { key, before } = (await countsOf(list)).stepTo(mark)
    let rank = before
    if (key < mark) for await (const some of portions(keysOf(key, mark))) rank += some.length
    return rank
  }

  /**
   * Keeps the first marks of groups in memory, since servers ask for them before each take. LevelDB would need a trip to
   * another thread, and pass over all marks that were removed lately.
   */
  function createHeads(prefix: string) {
    const starts = new Map<string, string[]>()
    /** The groups that have more marks than these. */
    const cut = new Set<string>()
    let isComplete = false
    let reading: Promise<void> | undefined
    /** The changes that come while marks are read. To make one twice is harmless. */
    const later: [mark: string, by: number][] = []
    const groupOf = (mark: string): string => mark.slice(0, mark.indexOf('/', prefix.length) + 1)

    async function readAll(): Promise<void> {
      const keys = keysOf(prefix, `${prefix}\x7f`)
      try {
        for (let key = await keys.next(); key !== undefined; key = await keys.next()) {
          const mark = key.slice(MARK.length)
          const group = groupOf(mark)
          starts.set(group, [mark])
          cut.add(group)
          // The next sign after `/` is `0`.
          keys.seek(`${MARK}${group.slice(0, -1)}0`)
        }
        isComplete = true
      } finally {
        await keys.close()
      }
    }

    const used = (): string[] => [...cut].filter((group) => starts.get(group)!.length === 0)

    async function readMore(): Promise<void> {
      try {
        if (!isComplete) await readAll()
        for (const group of used()) {
          const marks = await page(group, `${group}\x7f`, 0, KEPT + 1)
          if (marks.length <= KEPT) cut.delete(group)
          if (marks.length > 0) starts.set(group, marks.slice(0, KEPT))
          else starts.delete(group)
        }
      } catch (error) {
        // The next call begins anew.
        heads.delete(prefix)
        throw error
      }
      reading = undefined
      for (const [mark, by] of later.splice(0)) change(mark, by)
    }

    async function whenRead<T>(use: () => T): Promise<T> {
      while (reading || !isComplete || used().length > 0) {
        reading ??= readMore()
        await reading
      }
      return use()
    }

    /** A mark was set (1) or removed (-1). */
    function change(mark: string, by: number): void {
      if (reading) return void later.push([mark, by])
      if (!isComplete) return
      const group = groupOf(mark)
      const marks = starts.get(group) ?? []
      starts.set(group, marks)
      const at = marks.findLastIndex((one) => one < mark) + 1
      const isHere = marks[at] === mark
      if (isHere && by < 0) marks.splice(at, 1)
      if (!isHere && by > 0 && (at < marks.length || !cut.has(group))) marks.splice(at, 0, mark)
      if (marks.length > 2 * KEPT) cut.add(group)
      if (marks.length > 2 * KEPT) marks.length = KEPT
      if (marks.length === 0 && !cut.has(group)) starts.delete(group)
    }

    return {
      change,
      read: (): Promise<string[]> => whenRead(() => Array.from(starts.values(), (marks) => marks[0]!).sort()),
      /** How many marks are in a range of a group; `undefined` if they are too many. */
      count: (group: string, from: string, to: string): Promise<number | undefined> =>
        whenRead(() => {
          const marks = starts.get(group) ?? []
          const isHere = !cut.has(group) || to <= marks.at(-1)!
          return isHere ? marks.filter((mark) => mark >= from && mark < to).length : undefined
        }),
    }
  }

  async function page(from: string, to: string, offset: number, limit: number, reverse = false) {
    const found: string[] = []
    const end = offset + limit
    let passed = 0
    for await (const some of portions(keysOf(from, to, { limit: end, reverse }))) {
      found.push(...some.slice(Math.max(0, offset - passed)))
      passed += some.length
      if (passed === end) break
    }
    return found
  }

  return {
    async range({ from, to }, { offset = 0, limit, isReverse = false }) {
      const list = listOf(from, to)
      if (!list || offset < FAR) return await page(from, to, offset, limit, isReverse)
      const [first, end] = [await rankOf(list, from), await rankOf(list, to)]
      const start = isReverse ? Math.max(first, end - offset - limit) : first + offset
      const count = isReverse ? Math.max(0, end - offset - start) : limit
      const step = (await countsOf(list)).stepOf(start)
      const [near, before] = step.key > from ? [step.key, step.before] : [from, first]
      const found = await page(near, to, start - before, count)
      return isReverse ? found.reverse() : found
    },
    async count({ from, to }) {
      const list = listOf(from, to)
      if (!list) {
        let count = 0
        for await (const some of portions(keysOf(from, to))) count += some.length
        return count
      }
      const parent = list.slice(0, list.lastIndexOf('/', list.length - 2) + 1)
      const near = await heads.get(parent)?.count(list, from, to)
      return near ?? Math.max(0, (await rankOf(list, to)) - (await rankOf(list, from)))
    },
    async heads(prefix) {
      const known = heads.get(prefix) ?? createHeads(prefix)
      heads.set(prefix, known)
      return await known.read()
    },
    begin() {
      const isSet = new Map<string, boolean>()
      const changes: [list: string, mark: string, by: number][] = []
      const marks: [mark: string, by: number][] = []
      return {
        add(mark, by) {
          marks.push([mark, by])
          const lists = [...mark.matchAll(/\//g)].map(({ index }) => mark.slice(0, index + 1))
          const counted = lists.filter((list) => counts.has(list))
          if (counted.length === 0) return
          const was = isSet.get(mark) ?? level.getSync(MARK + mark) !== undefined
          if (was !== by > 0) for (const list of counted) changes.push([list, mark, by])
          isSet.set(mark, by > 0)
        },
        end() {
          for (const [list, mark, by] of changes) if (!counts.get(list)?.change(mark, by)) counts.delete(list)
          for (const [mark, by] of marks)
            for (const [prefix, known] of heads) if (mark.startsWith(prefix)) known.change(mark, by)
        },
      }
    },
  }
}

/** Reads marks in portions, so that nothing else waits for long. */
async function* portions(keys: Keys): AsyncGenerator<string[]> {
  try {
    for (;;) {
      const some = await keys.nextv(PORTION)
      if (some.length === 0) return
      yield some.map((key) => key.slice(MARK.length))
    }
  } finally {
    await keys.close()
  }
}

/** The list that a range is a part of: all marks that begin like `from`, up to its last `/`. */
function listOf(from: string, to: string): string | undefined {
  const list = from.slice(0, from.lastIndexOf('/') + 1)
  return list !== '' && (to.startsWith(list) || to === `${list.slice(0, -1)}0`) ? list : undefined
}
