import { EngineError, type RunsQuery } from '../engine.ts'
import { createLruCache } from '../lruCache.ts'
import type { EndedRun } from '../records/recordStore.ts'
import { createAdd, onceKeyOf } from './addRun.ts'
import { createClean } from './clean.ts'
import { chargeBack, chargeTake, createRetagger, keysOf } from './costs.ts'
import { createEnd } from './endRun.ts'
import { createPlaces, listRuns, readLine, readWaiting } from './lists.ts'
import type { Entry, FileStore, Peers, RunQueue } from './runQueue.ts'
import {
  below,
  digits,
  idIn,
  isLive,
  type LiveRecord,
  marksOf,
  parseRun,
  type RunRecord,
  readableRun,
  runKey,
  setRun,
  waitingMarks,
} from './runs.ts'
import { type Step, type StepOptions, type Store, transact } from './store.ts'

export interface QueueOptions {
  readonly store: Store
  readonly files: FileStore
  readonly keepDays: number
  readonly peers?: Peers | undefined
}

const HOUR_MS = 3_600_000

/** The rules of the queue, on any store. */
export function createQueue({ store, files, keepDays, peers }: QueueOptions): RunQueue {
  const texts = createLruCache<object>(1_000)
  const clean = createClean(store, files, keepDays)
  const retagger = createRetagger(store)
  const add = createAdd(store)
  const end = createEnd(store, retagger)
  let timer: ReturnType<typeof setInterval> | undefined
  /** The run of the last `take` that failed since the run does not wait. */
  let vain = ''

  const step = <T>(decide: (step: Step) => Promise<T>, options?: StepOptions): Promise<T> =>
    transact(store, decide, options)

  /** Changes the record of a run that has not ended. `undefined` from `change`: it stays as it is. */
  const change = (
    id: string,
    next: (record: LiveRecord, step: Step) => LiveRecord | undefined | Promise<LiveRecord | undefined>,
    options?: StepOptions,
  ): Promise<LiveRecord | undefined> =>
    step(async (step) => {
      const [record] = await step.read<RunRecord>(runKey(id))
      if (!isLive(record)) return undefined
      const after = await next(record, step)
      if (!after) return record
      setRun(step, record, after)
      for (const server of new Set([record.server, after.server])) step.tell({ run: id, server })
      return after
    }, options)

  /** A plan, or needs. By its id, it is always the same. */
  const readText = async (key: string): Promise<object> =>
    (await texts.load(key, async () => {
      const [found] = await store.read([key])
      return found?.text === undefined ? undefined : JSON.parse(found.text)
    })) ?? {}

  /** One that can't be read is missing in lists. */
  const readRuns = async (ids: readonly string[]): Promise<RunRecord[]> => {
    const found = ids.length === 0 ? [] : await store.read(ids.map(runKey))
    return found.flatMap((one) => readableRun(one) ?? [])
  }

  const liveRuns = async (ids: readonly string[]): Promise<Entry[]> =>
    (await readRuns(ids)).flatMap((record) => (isLive(record) ? toEntry(record) : []))

  return {
    async open(warn) {
      await store.open(warn)
      await clean.open(await files.place())
      timer ??= setInterval(() => void clean.run().catch(() => {}), store.listen ? HOUR_MS / 4 : HOUR_MS)
      timer.unref?.()
      void clean.run().catch(() => {})
      return await liveRuns((await store.range(below('x/'), { limit: 1_000 })).map(idIn))
    },
    nameOf: (url) =>
      step(async (step) => {
        const [names = {}] = await step.read<Record<string, string>>('names')
        if (names[url] !== undefined) return names[url]
        const taken = Object.values(names)
        let count = 1
        while (taken.includes(`comfyui-${count}`)) count++
        step.check('names')
        step.write('names', { ...names, [url]: `comfyui-${count}` })
        return `comfyui-${count}`
      }),
    add: (job, plan, needs, caller = {}, once) => add({ job, plan, needs, caller, once }),
    async findKey(key, owner) {
      const [found] = await store.read([onceKeyOf(key, owner)])
      return found?.text === undefined ? undefined : JSON.parse(found.text)
    },
    planOf: ({ plan }) => readText(`plan/${plan}`),
    needsOf: (id) => readText(`needs/${id}`),
    waiting: () => readWaiting(store),
    async take(head, fitting, server) {
      const taken = await step(
        async (step) => {
          const key = runKey(head.id)
          // In one trip.
          await step.read(key, ...keysOf(head.caller)).catch(() => {})
          const [record] = await step.read<RunRecord>(key).catch(unlessDamaged)
          if (!isLive(record) || record.server !== undefined) {
            // After a loss of power, or damage, it would come first for ever, and no other run be taken.
            if (!record || head.id === vain) {
              step.check(key)
              step.unmark(...waitingMarks(head))
              if (record) step.mark(...marksOf(record))
            }
            vain = head.id
            return undefined
          }
          await chargeTake(step, record, head, fitting)
          const after = { ...record, server }
          setRun(step, record, after)
          step.tell({ run: head.id, server })
          return after
        },
        { isLazy: true },
      )
      return taken && toEntry(taken)
    },
    async move(id, from, to) {
      let isMoved = false
      await change(
        id,
        (record) => {
          isMoved = record.server === from && record.sentAt === undefined
          return isMoved ? { ...record, server: to } : undefined
        },
        { isLazy: true },
      )
      return isMoved
    },
    async send(id, server, session) {
      const after = await change(id, (record) => {
        if (record.server !== server || record.isCancelled || record.sentAt !== undefined) return undefined
        const sentAt = Math.max(Date.now(), (record.lastSentAt ?? 0) + 1)
        return { ...record, sentAt, lastSentAt: sentAt, session }
      })
      // A cancel does not undo the mark.
      return after?.server === server && after.session === session ? after.sentAt : undefined
    },
    async giveBack(id, server, sentAt) {
      await change(
        id,
        async (record, step) => {
          if (record.server !== server || record.sentAt !== sentAt) return undefined
          await chargeBack(step, record)
          return { ...record, server: undefined, sentAt: undefined, session: undefined }
        },
        { isLazy: sentAt === undefined },
      )
    },
    async cancel(id) {
      const after = await change(id, (record) =>
        record.isCancelled ? undefined : { ...record, isCancelled: true },
      )
      return after && toEntry(after)
    },
    async end(ended, gpuMs) {
      const counts = await end(ended, gpuMs)
      void files.removeInputs(ended.run.id).catch(() => {})
      return counts
    },
    async get(id) {
      const [found] = await store.read([runKey(id)])
      const record = parseRun(found)
      return record && toFound(record)
    },
    ahead: createPlaces(store),
    held: async () => await liveRuns((await store.range(below('h/'), { limit: 10_000 })).map(idIn)),
    line: (limit) => readLine(store, limit),
    async olderThan(time) {
      const marks = await store.range({ from: 'a/', to: `a/${digits(time)}` }, { limit: 200 })
      return (await liveRuns(marks.map(idIn))).filter(({ server }) => server === undefined)
    },
    async list(query: RunsQuery) {
      const { ids, total } = await listRuns(store, query)
      return { total, runs: (await readRuns(ids)).map(toFound) }
    },
    files,
    peers,
    settled: retagger.settled,
    async close() {
      retagger.close()
      clearInterval(timer)
      await retagger.settled()
      await store.close()
    },
  }
}

function unlessDamaged(error: unknown): [] {
  if (error instanceof EngineError && error.status === 500) return []
  throw error
}

/** Without what only the queue needs. */
const toEntry = ({ once, lastSentAt, session, due, ...entry }: LiveRecord): Entry => entry

const toFound = (record: RunRecord): Entry | EndedRun => (isLive(record) ? toEntry(record) : record.end)
