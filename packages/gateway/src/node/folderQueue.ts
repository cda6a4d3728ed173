import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { compareRuns, type Run } from '../engine.ts'
import { createLruCache } from '../lruCache.ts'
import { checkOptions, fields, optional, type Rules } from '../options.ts'
import type { Entry, FileKind, FileStore, QueuedRun, RunQueue } from '../queue/runQueue.ts'
import { createTurns, type Waiting } from '../queue/turns.ts'
import { type EndedRun, KEEP_DAYS } from '../records/recordStore.ts'
import * as rules from '../rules.ts'
import { type AppendLog, openLog } from './appendLog.ts'
import { noneIfMissing } from './dataFolder.ts'
import { folderError, folderFiles } from './folderFiles.ts'

/** A line of the file of runs that have not ended. */
type Line =
  | readonly ['number', last: number]
  | readonly ['server', url: string, name: string]
  | readonly ['plan', id: string, plan: object]
  | readonly ['needs', id: string, needs: object]
  | readonly ['add', number: number, job: QueuedRun]
  | readonly ['send', id: string, server: string, at: number, session?: string | undefined]
  | readonly ['back', id: string, sentAt: number | undefined]
  | readonly ['cancel', id: string]

interface Live extends Mutable<Entry> {
  /** Which session of its server has sent it. */
  session?: string | undefined
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** A run in a list. */
type Listed = Pick<Run, 'id' | 'createdAt'>

/** What is kept in memory of a run that has ended. Its record is a line of the file of that day. */
interface EndedEntry extends Listed, Pick<Run, 'groupId' | 'startedAt' | 'completedAt'> {
  readonly day: string
  readonly at: number
  readonly bytes: number
}

const DAY_MS = 86_400_000
/** The file of runs that go on is written anew when it is larger. */
const LARGE_BYTES = 16 * 1024 * 1024
const HOUR_MS = 3_600_000

/** Options of {@link folderQueue}. */
export interface FolderQueueOptions {
  /** Where the files of runs are, such as `s3Files({ url, … })`. No other queue may have its files there. Default: in the folder */
  files?: FileStore | undefined
  /** Records and outputs are removed so many days after the end of their run. Default: 30 */
  keepDays?: number | undefined
}

const OPTIONS: Rules<FolderQueueOptions> = {
  files: optional(fields(['place', 'put', 'open'], 'function')),
  keepDays: optional(rules.wholeNumber(1, 36_500)),
}

/**
 * The queue of one gateway for several servers, in a folder: the runs that wait, the records of runs, and their files. One
 * process at a time can use a folder.
 *
 * @example
 * ```ts
 * const gateway = createGateway({
 *   engine: comfyui({ urls: ['http://127.0.0.1:8188', 'http://127.0.0.1:8189'] }),
 *   queue: folderQueue('flowscale-data'),
 *   workflows: watchWorkflows('workflows'),
 *   apiKey: 'a-key-of-your-own',
 * })
 * ```
 */
export function folderQueue(folder: string, options: FolderQueueOptions = {}): RunQueue {
  if (typeof folder !== 'string' || folder === '')
    throw new TypeError('folderQueue: argument "folder" must be the path of a folder')
  checkOptions('folderQueue', options, OPTIONS)
  const root = resolve(folder)
  const path = (name: string): string => join(root, name)
  const { files = folderFiles(root), keepDays = KEEP_DAYS } = options
  const turns = createTurns()
  const live = new Map<string, Live>()
  const held = new Set<Live>()
  const ended = new Map<string, EndedEntry>()
  /** All runs in the order of their creation, by group; those of all groups are under `undefined`. */
  const created = new Map<string | null | undefined, Listed[]>()
  const names = new Map<string, string>()
  const plans = new Map<string, object>()
  const needs = new Map<string, object>()
  const days = new Map<string, Promise<AppendLog>>()
  const records = createLruCache<EndedRun>(1_000)
  let log: AppendLog
  let largeBytes = LARGE_BYTES
  let number = 0
  /** Each send has a time of its own: by that, `back` knows it. */
  let lastSentAt = 0
  let isOpen = false
  let timer: ReturnType<typeof setInterval> | undefined
  let closing: Promise<void> | undefined
  let unlock = async (): Promise<void> => {}
  /** The writes that are under way, and the rewriting that holds up others. */
  const writes = new Set<Promise<void>>()
  let rewriting: Promise<boolean> | undefined
  let naming: Promise<void> = Promise.resolve()
  /** The sends and cancels that are being written. Who asks for the same waits for the same. */
  const marks = new Map<string, Promise<void>>()
  /** The runs whose end is being written: nobody sends them. */
  const ending = new Set<string>()

  function apply(line: Line): void {
    const [kind, id] = line
    if (kind === 'number') number = Math.max(number, id)
    if (kind === 'server') names.set(id, line[2])
    if (kind === 'plan') plans.set(id, line[2])
    if (kind === 'needs') needs.set(id, line[2])
    if (kind === 'add') {
      const job = line[2]
      number = Math.max(number, id)
      if (ended.has(job.id)) return
      live.set(job.id, { job, number: id })
      remember(created, job)
      if (isOpen) turns.add(waitingOf(live.get(job.id)!))
    }
    const entry = live.get(String(id))
    if (!entry) return
    if (kind === 'send') {
      Object.assign(entry, { server: line[2], sentAt: line[3], session: line[4] })
      held.add(entry)
    }
    if (kind === 'cancel') entry.isCancelled = true
    // It may have been given back already, and taken again.
    if (kind === 'back' && entry.server !== undefined && entry.sentAt === line[2]) {
      Object.assign(entry, { server: undefined, sentAt: undefined })
      held.delete(entry)
      if (isOpen) turns.giveBack(waitingOf(entry))
    }
  }

  /** Writes lines, and applies them once they are on disk. */
  async function commit(toLines: () => Line[]): Promise<void> {
    // No step between this and the write: the rewriting would not wait for it.
    while (rewriting) await rewriting
    const work = guard(async () => {
      const lines = toLines()
      await log.append(lines.map((line) => JSON.stringify(line)))
      lines.forEach(apply)
    })
    writes.add(work)
    await work.finally(() => writes.delete(work))
    if (log.size > largeBytes) void rewriteNow()
  }

  /** Writes down what an entry already says; `undo` if that fails. */
  function mark(key: string, line: Line, undo: () => void): void {
    const work = commit(() => [line])
    const done = work.finally(() => marks.delete(key))
    marks.set(key, done)
    work.catch(undo)
  }

  /** Holds up all other writes. False: it failed, and the file is as it was. */
  function rewriteNow(): Promise<boolean> {
    rewriting ??= rewrite()
      .then(
        () => true,
        () => {
          largeBytes = log.size + LARGE_BYTES
          return false
        },
      )
      .finally(() => (rewriting = undefined))
    return rewriting
  }

  /** Writes the file of the runs that have not ended anew, without the others. */
  async function rewrite(): Promise<void> {
    await Promise.allSettled(writes)
    const used = [...live.values()]
    keepOnly(plans, new Set(used.map(({ job }) => job.plan)))
    keepOnly(needs, new Set(used.map(({ job }) => job.needs)))
    const lines: Line[] = [
      ['number', number],
      ...[...names].map(([url, name]): Line => ['server', url, name]),
      ...[...plans].map(([id, plan]): Line => ['plan', id, plan]),
      ...[...needs].map(([id, need]): Line => ['needs', id, need]),
    ]
    for (const { job, number, server = '', sentAt, session, isCancelled } of used) {
      lines.push(['add', number, job])
      if (sentAt !== undefined) lines.push(['send', job.id, server, sentAt, session])
      if (isCancelled) lines.push(['cancel', job.id])
    }
    const draft = await openLog(path('queue.draft'), true)
    await draft.append(lines.map((line) => JSON.stringify(line))).finally(draft.close)
    await log?.close()
    try {
      await rename(path('queue.draft'), path('queue.jsonl'))
    } finally {
      log = await openLog(path('queue.jsonl'))
    }
    largeBytes = Math.max(LARGE_BYTES, 2 * log.size)
  }

  const dayLog = (day: string): Promise<AppendLog> => {
    const known = days.get(day) ?? openLog(path(`ended-${day}.jsonl`))
    days.set(day, known)
    known.catch(() => days.delete(day))
    return known
  }

  function addEnded(record: EndedRun, day: string, at: number, bytes: number): void {
    const { run, startedAt, completedAt } = record
    const { id, groupId, createdAt } = run
    ended.set(id, { id, groupId, createdAt, startedAt, completedAt, day, at, bytes })
    if (!live.delete(id)) remember(created, run)
  }

  async function readDays(): Promise<void> {
    for (const name of (await readdir(root)).sort()) {
      const [, day] = /^ended-(\d{4}-\d\d-\d\d)\.jsonl$/.exec(name) ?? []
      if (!day) continue
      const text = await readFile(path(name))
      // By bytes: a letter may be cut off.
      for (let at = 0, end = 0; at < text.length; at = end + 1) {
        end = text.indexOf('\n', at)
        if (end < 0) end = text.length
        const record = parse<EndedRun>(text.toString('utf8', at, end))
        if (record && !ended.has(record.run.id)) addEnded(record, day, at, end - at)
      }
    }
  }

  async function readEnded({ id, day, at, bytes }: EndedEntry): Promise<EndedRun | undefined> {
    return await records.load(id, () =>
      guard(async () => parse<EndedRun>(await (await dayLog(day)).read(at, bytes))),
    )
  }

  /** Removes old records, and files without a run. */
  async function clean(): Promise<void> {
    const oldest = dayOf(Date.now() - keepDays * DAY_MS)
    const gone = new Set([...ended.values()].flatMap(({ id, day }) => (day < oldest ? [id] : [])))
    for (const id of gone) ended.delete(id)
    for (const [group, runs] of gone.size > 0 ? created : []) {
      const left = runs.filter(({ id }) => !gone.has(id))
      if (left.length > 0) created.set(group, left)
      else created.delete(group)
    }
    const dayOfFile = (name: string): string => /^ended-(.*)\.jsonl$/.exec(name)?.[1] ?? oldest
    const old = (await readdir(root)).filter((name) => dayOfFile(name) < oldest)
    // Without the end of a run, a line that it was added would let it wait again.
    if (old.length > 0 && !(await rewriteNow())) return
    for (const name of old) {
      await (await days.get(dayOfFile(name)))?.close()
      days.delete(dayOfFile(name))
      await rm(path(name))
    }
    const isKnown = (kind: FileKind, id: string) => live.has(id) || (kind === 'out' && ended.has(id))
    // Nobody waits for this: a place that is far away takes its time.
    void files.sweep((kind, id) => closing !== undefined || isKnown(kind, id)).catch(() => {})
  }

  async function get(id: string): Promise<Entry | EndedRun | undefined> {
    const entry = live.get(id)
    const end = ended.get(id)
    return entry ?? (end && (await readEnded(end)))
  }

  return {
    async open() {
      await mkdir(root, { recursive: true, mode: 0o700 })
      await files.place()
      unlock = await lock(root)
      await readDays()
      const text = (await readFile(path('queue.jsonl'), 'utf8').catch(noneIfMissing)) ?? ''
      for (const line of text.split('\n')) {
        const one = parse<Line>(line)
        if (one) apply(one)
      }
      await rewrite()
      for (const entry of live.values()) if (entry.sentAt === undefined) turns.add(waitingOf(entry))
      isOpen = true
      timer = setInterval(() => void clean().catch(() => {}), HOUR_MS)
      timer.unref()
      await clean()
      return [...live.values()]
    },
    async nameOf(url) {
      // One after another: two must not get the same name.
      const named = naming
        .catch(() => {})
        .then(async () => {
          const taken = [...names.values()]
          let count = 1
          while (taken.includes(`comfyui-${count}`)) count++
          if (!names.has(url)) await commit(() => [['server', url, `comfyui-${count}`]])
        })
      naming = named
      await named
      return names.get(url)!
    },
    async add(job, plan, need) {
      const mine = ++number
      await commit(() => {
        const lines: Line[] = [['add', mine, job]]
        if (!needs.has(job.needs)) lines.unshift(['needs', job.needs, need])
        if (!plans.has(job.plan)) lines.unshift(['plan', job.plan, plan])
        return lines
      })
      return mine
    },
    planOf: async (job) => plans.get(job.plan)!,
    needsOf: async (job) => needs.get(job.needs)!,
    waitingNeeds: async () => new Map([...turns.needs.keys()].map((id) => [id, needs.get(id)!])),
    async next(wanted) {
      return live.get(turns.next(wanted)?.id ?? '')
    },
    async take(wanted, server) {
      const run = turns.next(wanted)
      const entry = live.get(run?.id ?? '')
      if (!run || !entry) return undefined
      turns.take(run)
      entry.server = server
      held.add(entry)
      return entry
    },
    async move(id, from, to) {
      const entry = live.get(id)
      if (!entry || entry.server !== from || entry.sentAt !== undefined) return false
      entry.server = to
      return true
    },
    async send(id, server, session) {
      const entry = live.get(id)
      if (!entry || entry.server !== server || entry.isCancelled || ending.has(id)) return undefined
      if (entry.sentAt === undefined) {
        // At once, so that nobody takes the run away during the write.
        const at = Math.max(Date.now(), lastSentAt + 1)
        lastSentAt = at
        Object.assign(entry, { sentAt: at, session })
        mark(`send ${id}`, ['send', id, server, at, session], () => (entry.sentAt = undefined))
      }
      if (entry.session !== session) return undefined
      await marks.get(`send ${id}`)
      // It may have ended meanwhile.
      return live.get(id) === entry ? entry.sentAt : undefined
    },
    async giveBack(id, server, sentAt) {
      const entry = live.get(id)
      if (!entry || entry.server !== server) return
      if (sentAt === undefined) apply(['back', id, sentAt])
      else await commit(() => [['back', id, sentAt]])
    },
    async cancel(id) {
      const entry = live.get(id)
      if (entry && !entry.isCancelled) {
        entry.isCancelled = true
        mark(`cancel ${id}`, ['cancel', id], () => (entry.isCancelled = undefined))
      }
      await marks.get(`cancel ${id}`)
      return live.get(id)
    },
    async end(record) {
      const { id } = record.run
      const entry = live.get(id)
      if (entry) {
        const day = dayOf(Date.now())
        const line = JSON.stringify(record)
        ending.add(id)
        await guard(async () => {
          const at = await (await dayLog(day)).append([line])
          // Of two ends at the same moment, the first counts, as at the next start.
          if (ended.has(id)) return
          if (!held.delete(entry)) turns.remove(waitingOf(entry))
          addEnded(record, day, at, Buffer.byteLength(line))
          records.set(id, record)
        }).finally(() => ending.delete(id))
        void files.removeInputs(id).catch(() => {})
      }
      return get(id) as Promise<EndedRun>
    },
    get,
    async ahead({ job }) {
      const entry = live.get(job.id)
      if (!entry) return 0
      // Those that servers have come before all others.
      if (entry.server === undefined) return held.size + turns.ahead(waitingOf(entry))
      return [...held].filter((one) => one.sentAt !== undefined).length
    },
    held: async () => [...held],
    async entries() {
      return [...held, ...turns.ordered().map(({ id }) => live.get(id)!)]
    },
    async list(query) {
      const { groupId, sortBy, sortOrder, offset, limit } = query
      const all = created.get(groupId ?? undefined) ?? []
      const until = offset + limit
      const isDown = sortOrder === 'desc'
      // All runs have been created, and are in that order.
      const inOrder = (): readonly Listed[] =>
        isDown
          ? all.slice(Math.max(0, all.length - until), Math.max(0, all.length - offset)).reverse()
          : all.slice(offset, until)
      const sorted = (): readonly Listed[] => {
        const times = all.map(
          ({ id, createdAt }) =>
            ended.get(id) ?? { id, createdAt, startedAt: live.get(id)?.sentAt ?? null, completedAt: null },
        )
        return times.sort(compareRuns(query, (a, b) => compare(a, b))).slice(offset, until)
      }
      const page = sortBy === 'created_at' ? inOrder() : sorted()
      const runs = await Promise.all(page.map(({ id }) => get(id)))
      return { runs: runs.filter((run) => run !== undefined), total: all.length }
    },
    files,
    async close() {
      closing ??= closeNow()
      await closing
    },
  }

  async function closeNow(): Promise<void> {
    clearInterval(timer)
    await Promise.allSettled(writes)
    await rewriting
    await log?.close()
    for (const day of days.values()) await (await day).close()
    await unlock()
  }
}

const waitingOf = ({ job, number }: Entry): Waiting => ({
  id: job.id,
  number,
  caller: job.groupId ?? '',
  needs: job.needs,
})

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

async function guard<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (cause) {
    throw folderError(cause)
  }
}

/** A line may be cut off by a crash: then nobody was told of it. */
function parse<T>(line: string): T | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function keepOnly(map: Map<string, unknown>, ids: ReadonlySet<string>): void {
  for (const id of map.keys()) if (!ids.has(id)) map.delete(id)
}

const compare = (a: Listed, b: Listed): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)

type Created = Map<string | null | undefined, Listed[]>

/** Notes a run in the order of creation. */
function remember(created: Created, { id, createdAt, groupId }: Listed & Pick<Run, 'groupId'>): void {
  for (const key of [undefined, groupId]) {
    const list = created.get(key) ?? []
    created.set(key, list)
    let [low, high] = [0, list.length]
    // Mostly the last one.
    for (let at = high - 1; low < high; at = (low + high) >> 1) {
      if (compare(list[at]!, { id, createdAt }) > 0) high = at
      else low = at + 1
    }
    list.splice(low, 0, { id, createdAt })
  }
}

/** A process that has not said for so long that it is there is gone. */
const GONE_MS = 15_000

/** Makes sure that no other process uses the folder, also on another machine, and gives the function that leaves it. */
async function lock(root: string): Promise<() => Promise<void>> {
  const file = join(root, 'lock')
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), id: crypto.randomUUID() })
  for (const since = Date.now(); ; ) {
    try {
      await writeFile(file, mine, { flag: 'wx' })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const found = await stat(file).catch(noneIfMissing)
    const { pid, host } =
      parse<{ pid: number; host: string }>((await readFile(file, 'utf8').catch(noneIfMissing)) ?? '') ?? {}
    const isHere = host === hostname()
    // After a restart, a container may give the same number again.
    const isDead = isHere && (pid === process.pid ? !held.has(file) : !isAlive(pid!))
    const isGone = !found || isDead || Date.now() - found.mtimeMs > GONE_MS
    if (isGone) await rm(file, { force: true })
    else if (isHere || Date.now() - since > 2 * GONE_MS)
      throw new Error(`${root} is used by process ${pid} on ${host}: stop it, or give another folder`)
    // On another machine: it may have been killed a moment ago.
    else await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  held.add(file)
  const beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), GONE_MS / 3)
  beat.unref()
  return async () => {
    clearInterval(beat)
    held.delete(file)
    // After a long sleep, another process may have it.
    if ((await readFile(file, 'utf8').catch(noneIfMissing)) === mine) await rm(file)
  }
}

/** The locks of this process. */
const held = new Set<string>()

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
