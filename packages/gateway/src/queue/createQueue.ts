// The methods of the queue that all servers take from, on any store.
import { type Caller, EngineError, type RunsQuery, type UsagePage, type UsageQuery } from '../engine.ts'
import type { FileStore } from '../files/fileStore.ts'
import { createLruCache } from '../lruCache.ts'
import type { EndedRun } from '../records/recordStore.ts'
import { createComplain, type StoreWatch, watchStore } from '../records/watchStore.ts'
import { checkLimit, createAdd, type OnceRecord, onceKeyOf } from './addRun.ts'
import { createClean } from './clean.ts'
import { chargeBack, chargeTake, createRetagger, keysOf } from './costs.ts'
import { createDeliveries, type Deliveries, type Sender, webhookOf } from './deliveries.ts'
import { createEnd } from './endRun.ts'
import { listRuns, PAUSED, readUsage, readWaiting, type Waiting } from './lists.ts'
import type { PeerMessage, Peers } from './peers.ts'
import { createPlaces, type Line, readLine } from './places.ts'
import {
  below,
  digits,
  type Entry,
  idIn,
  isLive,
  type LiveRecord,
  marksOf,
  type QueuedRun,
  type RunRecord,
  readableRun,
  runKey,
  setRun,
  waitingMarks,
} from './runs.ts'
import { pages, readOne, type Step, type StepOptions, type Store, transact } from './store.ts'
import type { Head } from './turns.ts'

export interface QueueOptions {
  readonly store: Store
  readonly files: FileStore
  readonly keepDays: number
  /** Finds the other gateways with this queue. Default: there are none */
  readonly peers?: ((store: Store) => Peers) | undefined
  /** Default: no webhook can be sent */
  readonly sender?: Sender | undefined
}

const HOUR_MS = 3_600_000

/**
 * The queue that all servers take from, with the records and files of runs. Each method is one step,
 * which no other call divides. Its result outlives a crash, except that a run which was taken and not sent may wait again.
 */
export function createQueue<
  Job extends QueuedRun,
  Plan extends object,
  Needs extends object,
  Ended extends EndedRun,
>({ store: plainStore, files, keepDays, peers: findPeers, sender }: QueueOptions) {
  let watch: StoreWatch | undefined
  const store = watchStore(plainStore, () => watch)
  const complain = createComplain(() => watch?.log)
  const peers = findPeers?.(store)
  const texts = createLruCache<object>(1_000)
  const clean = createClean(store, files, keepDays)
  const retagger = createRetagger(store, (error) => complain('Giving runs new places', error))
  const deliveries = createDeliveries(store)
  const end = createEnd<Ended>(store, retagger, deliveries)
  let timer: ReturnType<typeof setInterval> | undefined
  /** The run that the last failed `take` wanted, and that did not wait. */
  let vain = ''

  type Live = LiveRecord<Job>

  /** Changes the record of a run that has not ended. If `next` gives `undefined`, the record stays as it is. */
  const change = (
    id: string,
    next: (record: Live, step: Step) => Live | undefined | Promise<Live | undefined>,
    options?: StepOptions,
  ): Promise<Live | undefined> =>
    transact(
      store,
      async (step) => {
        const [record] = await step.read<RunRecord<Job>>(runKey(id))
        if (!isLive(record)) return undefined
        const after = await next(record, step)
        if (!after) return record
        setRun(step, record, after)
        for (const server of new Set([record.server, after.server])) step.tell({ run: id, server })
        return after
      },
      options,
    )

  /** Reads a plan, or needs. The content behind an id never changes. */
  const readText = async (key: string): Promise<object> =>
    (await texts.load(key, () => readOne(store, key))) ?? {}

  const toFound = (record: RunRecord): Entry<Job> | Ended =>
    isLive(record) ? toEntry(record as Live) : ({ ...record.end, ...webhookOf(record) } as Ended)

  /** Reads runs for a list, which leaves out those that can't be read. */
  const readRuns = async (ids: readonly string[]): Promise<RunRecord[]> => {
    const found = ids.length === 0 ? [] : await store.read(ids.map(runKey))
    return found.flatMap((one) => readableRun(one) ?? [])
  }

  const liveRuns = async (ids: readonly string[]): Promise<Entry<Job>[]> =>
    (await readRuns(ids)).filter(isLive).map((record) => toEntry(record as Live))

  return {
    /**
     * Opens the store, before any other call. Gives the runs that were cancelled before they were sent, and that have no end
     * yet. `warn` takes a sentence, and `watcher` hears of failures in the background.
     */
    async open(warn: (message: string) => void, watcher?: StoreWatch): Promise<readonly Entry<Job>[]> {
      watch = watcher
      const sweep = (): Promise<void> =>
        clean.run().catch((error) => complain('The removal of old runs', error))
      await store.open(warn)
      await clean.open(await files.place())
      timer ??= setInterval(() => void sweep(), store.listen ? HOUR_MS / 4 : HOUR_MS)
      timer.unref?.()
      void sweep()
      return await liveRuns((await store.range(below('x/'), { limit: 1_000 })).map(idIn))
    },
    /** The name of the server at an address, always the same one. */
    nameOf(url: string): Promise<string> {
      return transact(store, async (step) => {
        const [names = {}] = await step.read<Record<string, string>>('names')
        if (names[url] !== undefined) return names[url]
        const taken = Object.values(names)
        let count = 1
        while (taken.includes(`comfyui-${count}`)) count++
        step.replace('names', { ...names, [url]: `comfyui-${count}` })
        return `comfyui-${count}`
      })
    },
    /** The secret of this queue, made once: all gateways with its store have the same. */
    secret(): Promise<string> {
      return transact(store, async (step) => {
        const [kept] = await step.read<{ secret: string }>('secret')
        if (kept) return kept.secret
        const secret = crypto.randomUUID()
        step.replace('secret', { secret })
        return secret
      })
    },
    /**
     * Adds a run to the waiting ones. With `once`, a known key gives its earlier run, or an `EngineError` of 422 if
     * the hash differs. If the owner may have no more runs, throws one of 429.
     */
    add: createAdd(store) as ReturnType<typeof createAdd<Job, Plan, Needs>>,
    /** Throws an `EngineError` of 429 if the owner may have no more runs. */
    checkLimit: (caller: Caller): Promise<void> => checkLimit(store, caller),
    /** The run that was added under a key of this owner, and the hash of what was sent. */
    findKey: (key: string, owner?: string): Promise<OnceRecord | undefined> =>
      readOne(store, onceKeyOf(key, owner)),
    planOf: async ({ plan }: Job): Promise<Plan> => (await readText(`plan/${plan}`)) as Plan,
    needsOf: async (id: string): Promise<Needs> => (await readText(`needs/${id}`)) as Needs,
    waiting: (): Promise<Waiting> => readWaiting(store),
    /** The names of the servers that take no runs. */
    paused: async (): Promise<readonly string[]> => (await readOne(store, PAUSED)) ?? [],
    /** Makes the server take no runs, at all gateways, or take runs again. */
    setPaused: (server: string, isPaused: boolean): Promise<void> =>
      transact(store, async (step) => {
        const [names = []] = await step.read<readonly string[]>(PAUSED)
        const others = names.filter((name) => name !== server)
        step.replace(PAUSED, isPaused ? [...others, server] : others)
        step.tell({ pause: true } satisfies PeerMessage)
      }),
    /**
     * Moves a waiting run to a server. `fitting`: the first runs that fit the server. `undefined`: the run waits no longer, or the
     * server is paused
     */
    async take(head: Head, fitting: readonly Head[], server: string): Promise<Entry<Job> | undefined> {
      const taken = await transact(
        store,
        async (step) => {
          const key = runKey(head.id)
          // Read all records in one trip.
          await step.read(key, PAUSED, ...keysOf(head.caller)).catch(() => {})
          if (await isPaused(step, server)) return undefined
          const [record] = await step.read<RunRecord<Job>>(key).catch(unlessDamaged)
          if (!isLive(record) || record.server !== undefined) {
            // After a loss of power, or damage, this mark would come first for ever, and block all other runs.
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
    /** Moves a run that was not sent from one server to another. */
    async move(id: string, from: string, to: string): Promise<boolean> {
      let isMoved = false
      await change(
        id,
        async (record, step) => {
          isMoved = record.server === from && record.sentAt === undefined && !(await isPaused(step, to))
          return isMoved ? { ...record, server: to } : undefined
        },
        { isLazy: true },
      )
      return isMoved
    },
    /**
     * Marks a run as about to be sent, and gives the time of the mark. Only the session that made it gets it again, so that no
     * two send the run. `undefined`: this server must not send the run.
     */
    async send(id: string, server: string, session: string, seen?: string): Promise<number | undefined> {
      const after = await change(id, (record) => {
        if (record.server !== server || record.isCancelled || record.sentAt !== undefined) return undefined
        const sentAt = Math.max(Date.now(), (record.lastSentAt ?? 0) + 1)
        return { ...record, sentAt, lastSentAt: sentAt, session, after: seen }
      })
      // A cancel does not undo the mark.
      return after?.server === server && after.session === session ? after.sentAt : undefined
    },
    /** Lets a taken run wait again. The caller is sure that it was not sent after this mark. */
    async giveBack(id: string, server: string, sentAt: number | undefined): Promise<void> {
      await change(
        id,
        async (record, step) => {
          if (record.server !== server || record.sentAt !== sentAt) return undefined
          await chargeBack(step, record)
          return { ...record, server: undefined, sentAt: undefined, session: undefined, after: undefined }
        },
        { isLazy: sentAt === undefined },
      )
    },
    /** Notes that the run has to stop, and gives its state after that. */
    async cancel(id: string): Promise<Entry<Job> | undefined> {
      const after = await change(id, (record) =>
        record.isCancelled ? undefined : { ...record, isCancelled: true },
      )
      return after && toEntry(after)
    },
    /** Writes down the end of a run, unless it has ended; gives the end that counts. `gpuMs`: how long the GPU worked on it */
    async end(ended: Ended, gpuMs?: number): Promise<Ended> {
      const counts = await end(ended, gpuMs)
      void files.removeInputs(ended.run.id).catch(() => {})
      return counts
    },
    async get(id: string): Promise<Entry<Job> | Ended | undefined> {
      const record = await readOne<RunRecord>(store, runKey(id))
      return record && toFound(record)
    },
    /** The runs with these ids that have not ended. */
    live: (ids: readonly string[]): Promise<readonly Entry<Job>[]> => liveRuns(ids),
    /** How many runs that have not ended come before this one. */
    ahead: createPlaces(store) as ReturnType<typeof createPlaces>,
    /** The runs that servers have. */
    held: async (): Promise<readonly Entry<Job>[]> =>
      await liveRuns((await store.range(below('h/'), { limit: 10_000 })).map(idIn)),
    /** How many runs wait, and the numbers and ids of the first ones, in the order of their turn. */
    line: (limit: number): Promise<Line> => readLine(store, limit),
    /** Some of the runs that wait and were created before this time. */
    async olderThan(time: number): Promise<readonly Entry<Job>[]> {
      const marks = await store.range({ from: 'a/', to: `a/${digits(time)}` }, { limit: 200 })
      return (await liveRuns(marks.map(idIn))).filter(({ server }) => server === undefined)
    },
    /** When the run that has waited longest was submitted. */
    async oldestAt(): Promise<number | undefined> {
      for await (const marks of pages(store, below('a/'), 200))
        for (const { job, server } of await liveRuns(marks.map(idIn)))
          if (server === undefined) return job.createdAt
      return undefined
    },
    /** Writes to the store as if a run was added. */
    probe: (): Promise<void> =>
      transact(store, async (step) => step.write('probe', { at: Date.now() }), { isGrowth: true }),
    usage: (query: UsageQuery): Promise<UsagePage> => readUsage(store, query),
    /** The runs of a page in order, and how many there are in all. */
    async list(query: RunsQuery): Promise<{ runs: readonly (Entry<Job> | Ended)[]; total: number }> {
      const { ids, total } = await listRuns(store, query)
      return { total, runs: (await readRuns(ids)).map(toFound) }
    },
    deliveries: deliveries as Deliveries,
    keepDays: keepDays as number,
    files: files as FileStore,
    peers: peers as Peers | undefined,
    sender: sender as Sender | undefined,
    /** Resolves once no tag is out of date. Tests wait for it. */
    settled: (): Promise<void> => retagger.settled(),
    async close(): Promise<void> {
      retagger.close()
      clearInterval(timer)
      await retagger.settled()
      await store.close()
    },
  }
}

/** Whether the server takes no runs. A pause that comes meanwhile makes the step again. */
async function isPaused(step: Step, server: string): Promise<boolean> {
  const [names = []] = await step.read<readonly string[]>(PAUSED)
  step.check(PAUSED)
  return names.includes(server)
}

function unlessDamaged(error: unknown): [] {
  if (error instanceof EngineError && error.status === 500) return []
  throw error
}

function toEntry<Job extends QueuedRun>(record: LiveRecord<Job>): Entry<Job> {
  const { once, lastSentAt, session, webhook, ...entry } = record
  return entry
}
