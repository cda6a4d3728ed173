// A store that is a LevelDB in a folder.
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdir, realpath, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { EngineError } from '../engine.ts'
import { folderError } from '../files/folderFiles.ts'
import { ABOUT, type Batch, checkLayout, type Found, LAYOUT, type Store, Unsure } from '../queue/store.ts'
import { crc32c, cutLogs, findDamage } from './checkLog.ts'
import { noneIfMissing } from './dataFolder.ts'
import { createLevelMarks, type Level, type LevelMarks, MARK } from './levelMarks.ts'

type Op = { type: 'put'; key: string; value: string } | { type: 'del'; key: string }

interface Database {
  readonly level: Level
  readonly marks: LevelMarks
}

interface Job {
  readonly batch: Batch
  readonly resolve: (isWritten: boolean) => void
  readonly reject: (error: unknown) => void
  isTaken: boolean
}

/** The database in the folder of a queue. */
export const LEVEL = 'queue.level'
/** The beginning of the keys of records. */
export const RECORD = 'r/'
/** Each group of batches writes this key first: with the number of the group, and the highest number that was given. */
const GROUP = 'g'
/** Each text begins with its version: the number of the group that wrote it, and a checksum. */
const GROUP_DIGITS = 9
const VERSION_DIGITS = GROUP_DIGITS + 7

/** The most keys that are read on this thread, each in 1 µs. A trip to another thread takes 30 µs. */
const FEW = 16
const MOST_AT_ONCE = 50
const MIB = 1024 * 1024
const RESERVE_MIB = 32
const AMPLE_BYTES = 512 * MIB
const RETRY_MS = 1_000
const NFS = 0x6969
const NO_ROOM = 'The disk of the queue is nearly full'

/**
 * Keeps a queue in a LevelDB. The kernel holds its lock as long as the process lives, also while it is stopped. LevelDB does
 * not verify its checksums, so all its files are checked before it opens them: a lost change would send a run twice.
 */
export function levelStore(folder: string): Store {
  let root = ''
  let reserve = ''
  let open: Database | undefined
  let opening: Promise<Database> | undefined
  /** The number of the file of the lock. If it changes, the folder is another one. */
  let lock: number | undefined
  let lastError: { error: EngineError; at: number } | undefined
  let isClosed = false
  let group = 0
  let number = 0
  const jobs: Job[] = []
  let writing: Promise<void> | undefined
  /** The write that is under way, and its undoing if it fails. */
  let batching: Promise<void> | undefined
  let hasRoom = false
  let roomAt = Number.NEGATIVE_INFINITY

  async function openLevel(): Promise<Database> {
    const { ClassicLevel } = await import('classic-level')
    const level: Level = new ClassicLevel(root)
    await level.open({ createIfMissing: lock === undefined })
    const known = readText(GROUP, level.getSync(GROUP))
    group = Math.max(group, groupOf(known.version))
    number = Math.max(number, Number(known.text ?? 0))
    open = { level, marks: createLevelMarks(level, () => batching) }
    return open
  }

  /** Throws if the folder was removed or replaced: it would take writes, and lose them. */
  function checkPlace(): void {
    if (statSync(join(root, 'LOCK')).ino !== lock) throw new Error(`${root} is another folder now`)
  }

  /** The database. After a failed write it is opened anew, since LevelDB refuses all later ones. */
  async function use(): Promise<Database> {
    if (!open) await batching?.catch(() => {})
    if (open) return open
    if (isClosed) throw folderError(new Error('The queue is closed'))
    if (lastError && performance.now() - lastError.at < RETRY_MS) throw lastError.error
    opening ??= (async () => {
      try {
        checkPlace()
        return await openLevel()
      } catch (cause) {
        lastError = { error: folderError(cause), at: performance.now() }
        throw lastError.error
      } finally {
        opening = undefined
      }
    })()
    return await opening
  }

  async function reading<T>(work: (used: Database) => Promise<T>): Promise<T> {
    const used = await use()
    try {
      return await work(used)
    } catch (cause) {
      // A failed write closed the database meanwhile.
      if (open !== used && !isClosed) return await reading(work)
      throw folderError(cause)
    }
  }

  async function writeJobs(): Promise<void> {
    do {
      // Batches of the same moment share a write.
      await new Promise(setImmediate)
      const some = jobs.splice(0, MOST_AT_ONCE)
      try {
        const used = await use()
        if (performance.now() - roomAt > RETRY_MS) await measureRoom().catch(() => (hasRoom = false))
        await writeGroup(used, some)
        for (const { resolve, isTaken } of some) resolve(isTaken)
      } catch (error) {
        for (const { reject } of some) reject(error instanceof EngineError ? error : folderError(error))
      }
    } while (jobs.length > 0)
    // Without a pause before it: a caller that was answered may commit again at once.
    writing = undefined
  }

  async function writeGroup({ level, marks: known }: Database, some: readonly Job[]): Promise<void> {
    group++
    const change = known.begin()
    const written = new Set<string>()
    const isAsRead = ([key, version]: readonly [string, string]): boolean =>
      !written.has(key) && versionOf(level.getSync(RECORD + key)) === version
    const ops: Op[] = [{ type: 'put', key: GROUP, value: withVersion(GROUP, group, String(number)) }]
    let sync = false
    for (const job of some) {
      const { checks, records, marks, unmarks, isLazy, isGrowth } = job.batch
      if (isGrowth && !hasRoom) job.reject(new EngineError(503, NO_ROOM, { retryAfterS: 5 }))
      else job.isTaken = [...checks].every(isAsRead)
      if (!job.isTaken) continue
      sync ||= !isLazy
      for (const [key, text] of records) {
        written.add(key)
        if (text === undefined) ops.push({ type: 'del', key: RECORD + key })
        else ops.push({ type: 'put', key: RECORD + key, value: withVersion(key, group, text) })
      }
      for (const mark of unmarks) {
        change.add(mark, -1)
        ops.push({ type: 'del', key: MARK + mark })
      }
      for (const mark of marks) {
        change.add(mark, 1)
        ops.push({ type: 'put', key: MARK + mark, value: '' })
      }
    }
    if (ops.length === 1) return
    batching = (async () => {
      try {
        checkPlace()
        await level.batch(ops, { sync })
        change.end()
      } catch (cause) {
        await undo(level, group, cause)
        throw cause
      } finally {
        batching = undefined
      }
    })()
    await batching
  }

  /** Removes a refused group from the log, which may have it in whole or in part: it must not come back. */
  async function undo(used: Level, refused: number, cause: unknown): Promise<void> {
    open = undefined
    await used.close().catch(() => {})
    await rm(reserve, { force: true }).catch(() => {})
    await cutLogs(root, (data) => groupIn(data) >= refused).catch((error) => {
      if (error.code !== 'ENOENT')
        throw new Unsure(503, folderError(cause).message, { retryAfterS: 5, cause: error })
    })
    hasRoom = false
    roomAt = performance.now()
  }

  /**
   * Measures the free room. While the disk is nearly full, a file keeps some room in reserve. Once the disk is full, the file
   * is removed, so that the ends of runs can be written: LevelDB needs room to write its tables anew.
   */
  async function measureRoom(): Promise<void> {
    roomAt = performance.now()
    const { bavail, blocks, bsize } = await statfs(root)
    const free = bavail * bsize
    const wanted = MIB * Math.ceil(Math.min(RESERVE_MIB, (blocks * bsize) / MIB / 4))
    let size = (await stat(reserve).catch(noneIfMissing))?.size
    if (size !== wanted && free > 2 * wanted && free < AMPLE_BYTES) {
      // Random bytes: a file system could store zeros without using room.
      await writeFile(reserve, new Array(wanted / MIB).fill(randomBytes(MIB)))
      size = wanted
    }
    // The reserve is for the ends of runs, and new ones must not use it up.
    hasRoom = free > (size === wanted ? MIB : AMPLE_BYTES)
  }

  return {
    async open() {
      await mkdir(resolve(folder), { recursive: true, mode: 0o700 })
      // By the real path LevelDB sees that this process has opened the folder already.
      const home = await realpath(folder)
      root = join(home, LEVEL)
      reserve = join(home, 'reserve')
      if ((await statfs(home)).type === NFS)
        throw new Error(
          `${folder} is on NFS, where two processes can use it at once: give a folder of a local disk`,
        )
      try {
        for await (const damage of findDamage(root)) throw new Error(damagedBy(folder, damage))
        const { level } = await openLevel()
        lock = statSync(join(root, 'LOCK')).ino
        const { text } = readText(ABOUT, level.getSync(RECORD + ABOUT))
        if (text === undefined)
          await level.put(RECORD + ABOUT, withVersion(ABOUT, group, LAYOUT), { sync: true })
        else checkLayout(text, folder)
      } catch (error) {
        await open?.level.close()
        open = undefined
        throw await explain(error, folder, root)
      }
    },
    read: (keys) =>
      reading(async ({ level }) => {
        const values =
          keys.length <= FEW
            ? keys.map((key) => level.getSync(RECORD + key))
            : await level.getMany(keys.map((key) => RECORD + key))
        return keys.map((key, index) => readText(key, values[index]))
      }),
    range: (range, page) => reading(({ marks }) => marks.range(range, page)),
    count: (range) => reading(({ marks }) => marks.count(range)),
    heads: (prefix) => reading(({ marks }) => marks.heads(prefix)),
    // Each group writes the highest number down. After a crash, only numbers that nobody saw come again.
    next: async () => ++number,
    commit: (batch) =>
      new Promise((resolve, reject) => {
        jobs.push({ batch, resolve, reject, isTaken: false })
        writing ??= writeJobs()
      }),
    async close() {
      isClosed = true
      await writing
      await opening?.catch(() => {})
      await open?.level.close()
      open = undefined
    },
  }
}

/** Why a folder can't be opened. */
async function explain(error: unknown, folder: string, root: string): Promise<unknown> {
  const { cause = error } = error as { cause?: Partial<NodeJS.ErrnoException> }
  const { code = '', message = '' } = cause as Partial<NodeJS.ErrnoException>
  // While another process writes, whole files look damaged. LevelDB asks for the lock first, and then refuses to open.
  const { ClassicLevel } = await import('classic-level')
  const probe = new ClassicLevel(root).open({ createIfMissing: false, errorIfExists: true })
  const seen = await probe.catch((refusal) => refusal.cause?.code)
  if ([code, seen].includes('LEVEL_LOCKED'))
    return new Error(`${folder} is used by another process: stop it, or give another folder`, { cause })
  if (code === 'LEVEL_CORRUPTION') return new Error(damagedBy(folder, message), { cause })
  return code.startsWith('LEVEL_') ? new Error(`${folder} can't be used (${message})`, { cause }) : error
}

const damagedBy = (folder: string, damage: string): string =>
  `${folder} is damaged (${damage}). Restore a copy of the folder, or give another one. ` +
  `"npx @flowscale/gateway queue check ${folder}" says what is whole`

const groupOf = (version: string): number => Number.parseInt(version.slice(0, GROUP_DIGITS), 36) || 0
const versionOf = (value: string | undefined): string => (value ?? '').slice(0, VERSION_DIGITS)

/** The group in an entry of the log. After a sequence number and a count come the puts, and that of the group is the first. */
const groupIn = (data: Buffer): number =>
  data.toString('latin1', 12, 15) === `\x01\x01${GROUP}` ? groupOf(data.toString('latin1', 16)) : 0

function withVersion(key: string, group: number, text: string): string {
  const digits = group.toString(36).padStart(GROUP_DIGITS, '0')
  const bytes = Buffer.from(`${key}\0${digits}${text}`)
  return `${digits}${crc32c(bytes, 0, bytes.length).toString(36).padStart(7, '0')}${text}`
}

/** A record. Reading the text of a damaged one throws, so that only its readers fail. */
export function readText(key: string, value: string | undefined): Found {
  if (value === undefined) return { text: undefined, version: '' }
  const text = value.slice(VERSION_DIGITS)
  const version = versionOf(value)
  if (withVersion(key, groupOf(version), text) === value) return { text, version }
  return {
    get text(): string {
      throw new EngineError(500, `The record ${JSON.stringify(key)} of the queue is damaged`)
    },
    version,
  }
}
