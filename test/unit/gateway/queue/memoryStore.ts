// A store in memory, as simple as the contract allows: what the others are compared with.
import type { Batch, Found, Range, Store } from '../../../../packages/gateway/src/queue/store.ts'

/** What outlives the process: give it to the next store. */
export interface Memory {
  records: Map<string, { text: string; version: string }>
  /** Sorted. */
  marks: string[]
  number: number
  version: number
}

export const makeMemory = (): Memory => ({ records: new Map(), marks: [], number: 0, version: 0 })

/** `onCommit` is called before each commit, and may throw. */
export function memoryStore(memory = makeMemory(), onCommit: (batch: Batch) => void = () => {}): Store {
  /** The index of the first mark that is not before. */
  function indexOf(mark: string): number {
    let [low, high] = [0, memory.marks.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (memory.marks[middle]! < mark) low = middle + 1
      else high = middle
    }
    return low
  }
  const within = ({ from, to }: Range): string[] => memory.marks.slice(indexOf(from), indexOf(to))
  const versionOf = (key: string): string => memory.records.get(key)?.version ?? ''
  const readOne = (key: string): Found => memory.records.get(key) ?? { text: undefined, version: '' }

  return {
    async open() {},
    read: async (keys) => keys.map(readOne),
    async range(range, { offset = 0, limit, isReverse = false }) {
      const marks = within(range)
      return (isReverse ? marks.reverse() : marks).slice(offset, offset + limit)
    },
    count: async (range) => Math.max(0, indexOf(range.to) - indexOf(range.from)),
    async heads(prefix) {
      const heads: string[] = []
      for (let at = indexOf(prefix); memory.marks[at]?.startsWith(prefix); ) {
        const mark = memory.marks[at]!
        heads.push(mark)
        at = indexOf(`${mark.slice(0, mark.indexOf('/', prefix.length))}0`)
      }
      return heads
    },
    next: async () => ++memory.number,
    async commit(batch) {
      onCommit(batch)
      for (const [key, version] of batch.checks) if (versionOf(key) !== version) return false
      for (const [key, text] of batch.records) {
        if (text === undefined) memory.records.delete(key)
        else memory.records.set(key, { text, version: String(++memory.version) })
      }
      for (const mark of batch.unmarks) {
        const at = indexOf(mark)
        if (memory.marks[at] === mark) memory.marks.splice(at, 1)
      }
      for (const mark of batch.marks) {
        const at = indexOf(mark)
        if (memory.marks[at] !== mark) memory.marks.splice(at, 0, mark)
      }
      return true
    },
    async close() {},
  }
}
