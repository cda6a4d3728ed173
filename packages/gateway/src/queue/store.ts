// The contract of a store, and the loop that reads, decides and writes.
import { EngineError } from '../engine.ts'
import { sleep } from '../runtime.ts'

/**
 * A record as it was read. Its version changes with each write; '' if there is no record. If the record is damaged, then
 * reading `text` throws an {@link EngineError} of 500.
 */
export interface Found {
  readonly text: string | undefined
  readonly version: string
}

/** The writes of one step: all are done, or none. */
export interface Batch {
  /** The records that must be as they were read: their keys and versions. */
  readonly checks: ReadonlyMap<string, string>
  /** `undefined` removes a record. */
  readonly records: ReadonlyMap<string, string | undefined>
  readonly marks: readonly string[]
  readonly unmarks: readonly string[]
  /** Sent to all other processes with this store, once the rest is written. */
  readonly messages: readonly string[]
  /** A crash may undo the batch, together with all later lazy batches. */
  readonly isLazy: boolean
  /** A store that is nearly full refuses the batch, so that the other batches have room. */
  readonly isGrowth: boolean
}

/** Marks from `from` on and before `to`, in the order of their bytes. */
export interface Range {
  readonly from: string
  readonly to: string
}

/**
 * Keeps records by key, and marks: ordered keys without a value, of printable ASCII. A store knows nothing of runs. Once
 * `commit` has answered, its batch is on disk, except a lazy one, which can be read before. Each method throws an
 * {@link EngineError} of 503 while the store can't be used.
 */
export interface Store {
  /** Opens the store, before any other call. `warn` takes a sentence for the person who starts the gateway. */
  open(warn: (message: string) => void): Promise<void>
  read(keys: readonly string[]): Promise<readonly Found[]>
  range(range: Range, page: { offset?: number; limit: number; isReverse?: boolean }): Promise<string[]>
  count(range: Range): Promise<number>
  /** Of the marks `prefix` + GROUP + `/…`, the first one of each group. A group has no `/`. */
  heads(prefix: string): Promise<string[]>
  /** A number that is higher than all before. */
  next(): Promise<number>
  /** False: a record is not as it was read, and nothing was written. @throws Unsure if the batch may have been written */
  commit(batch: Batch): Promise<boolean>
  /** Called for the messages of other processes, and with `undefined` after a time in which messages may have been missed. */
  listen?(listener: (message: string | undefined) => void): void
  /** Keeps a picture for all processes with this store, for `ms`. It is no record. */
  show?(id: string, text: string, ms: number): Promise<void>
  shown?(id: string): Promise<string | undefined>
  close(): Promise<void>
}

/** The answer of `commit` was lost: the batch may have been written. */
export class Unsure extends EngineError {}

/** The record that says how a store is laid out, and its text. */
export const ABOUT = 'about'
export const LAYOUT = '{"layout":1}'

/** Throws an error if a newer version has written the records. */
export function checkLayout(text: string, place: string): void {
  if (text !== LAYOUT)
    throw new Error(`${place} was written by a newer version of the gateway: use that version`)
}

/** One step: its reads, and the writes to come. */
export interface Step {
  /** Reads records of JSON. They may be old: only `check` makes sure that nobody changes a record meanwhile. */
  read<T>(...keys: readonly string[]): Promise<readonly (T | undefined)[]>
  /** The step is made again if this record, which it has read, is changed meanwhile. */
  check(key: string): void
  write(key: string, value: object | undefined): void
  /** Checks a record, and writes it. */
  replace(key: string, value: object | undefined): void
  mark(...marks: readonly string[]): void
  unmark(...marks: readonly string[]): void
  tell(message: object): void
}

/** The most runs that a step changes: their marks stop Redis for some ms. */
export const MOST_RUNS = 200

export type StepOptions = Partial<Pick<Batch, 'isLazy' | 'isGrowth'>>

const TRIES = 100

/** Reads, decides and writes; all over again if a checked record was changed meanwhile. */
export async function transact<T>(
  store: Store,
  decide: (step: Step) => Promise<T>,
  { isLazy = false, isGrowth = false }: StepOptions = {},
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const found = new Map<string, Found>()
    const values = new Map<string, unknown>()
    const checks = new Map<string, string>()
    const records = new Map<string, string | undefined>()
    const [marks, unmarks] = [new Set<string>(), new Set<string>()]
    const messages: string[] = []
    const step: Step = {
      async read<V>(...keys: readonly string[]) {
        const missing = keys.filter((key) => !found.has(key))
        if (missing.length > 0)
          for (const [at, one] of (await store.read(missing)).entries()) found.set(missing[at]!, one)
        // Each record is parsed once, though several functions of a step read it.
        for (const key of keys) if (!values.has(key)) values.set(key, parse(found.get(key)))
        return keys.map((key) => values.get(key) as V | undefined)
      },
      check: (key) => void checks.set(key, found.get(key)!.version),
      write: (key, value) => void records.set(key, value && JSON.stringify(value)),
      replace(key, value) {
        step.check(key)
        step.write(key, value)
      },
      mark: (...all) => all.forEach((mark) => void (unmarks.delete(mark) || marks.add(mark))),
      unmark: (...all) => all.forEach((mark) => void (marks.delete(mark) || unmarks.add(mark))),
      tell: (message) => void (store.listen && messages.push(JSON.stringify(message))),
    }
    const result = await decide(step)
    if (records.size + marks.size + unmarks.size + messages.length === 0) return result
    const batch = { checks, records, marks: [...marks], unmarks: [...unmarks], messages, isLazy, isGrowth }
    if (await store.commit(batch)) return result
    if (tries === TRIES) throw new EngineError(503, 'The queue is too busy just now', { retryAfterS: 1 })
    // Give way to the others for a moment.
    if (tries > 3) await sleep(Math.random() * 10 * tries)
  }
}

/** Reads the marks of a range, a page at a time. */
export async function* pages(store: Store, { from, to }: Range, limit: number): AsyncGenerator<string[]> {
  for (let start = from; ; ) {
    const marks = await store.range({ from: start, to }, { limit })
    if (marks.length > 0) yield marks
    if (marks.length < limit) return
    start = `${marks.at(-1)}!`
  }
}

export async function readOne<T>(store: Store, key: string): Promise<T | undefined> {
  const [found] = await store.read([key])
  return parse(found)
}

export const parse = <T>(found: Found | undefined): T | undefined =>
  found?.text === undefined ? undefined : JSON.parse(found.text)
