import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError, usageError } from '../errors.ts'
import { prepareFolder, whyNot, writeWhole } from '../files.ts'
import { lockFolder } from './lockFolder.ts'
import { type Lines, openLines } from './openLines.ts'

/** The file `batch.json`, which identifies a batch. It is written before the first submission. */
export interface BatchFile {
  /** Version 1 has no `/` in the names of groups. */
  readonly version: 1 | 2
  readonly batchId: string
  readonly workflowId: string
  /** The address of the server. */
  readonly url: string
  /** The number of rows. */
  readonly rows: number
  /** The SHA-256 of the inputs of each row, in hex. */
  readonly hashes: readonly string[]
  /**
   * Whether each submission so far carried the name of its group as its key, so that sending it again starts nothing. Left out
   * as soon as the server keeps no keys: then rows are looked for in their groups, for good.
   */
  readonly isKeyed?: true | undefined
}

type Expected = Omit<BatchFile, 'version' | 'batchId'>

/** A line of `runs.jsonl`. The latest line of a row counts. */
export interface RunLine {
  readonly row: number
  /** From 1: a row whose run failed may run again, in another group. */
  readonly attempt: number
  /** Left out if the attempt has no run yet. */
  readonly runId?: string
}

/** A file that was saved. */
export interface SavedFile {
  /** As the server names it. */
  readonly filename: string
  /** In the batch's folder. */
  readonly path: string
  readonly bytes: number
}

/** A line of `results.jsonl`. */
export interface ResultLine {
  readonly row: number
  /**
   * `failed`: the run ended without a result. `unfinished`: it could not be submitted, waited for or saved; the next start
   * goes on with it.
   */
  readonly status: 'completed' | 'failed' | 'unfinished'
  readonly runId?: string | undefined
  /** Of a completed row. */
  readonly outputs?: readonly SavedFile[]
  /** Of another row. */
  readonly error?: Readonly<Record<string, unknown>>
}

/** The state of a batch in its folder, which outlives the process. */
export interface BatchState {
  readonly batchId: string
  /** The beginning of the names of all groups. */
  readonly groupPrefix: string
  readonly isKeyed: boolean
  /** The latest attempt of each row that has one. */
  readonly runs: ReadonlyMap<number, RunLine>
  /** The rows that are completed, with their files, or have an error. */
  readonly results: ReadonlyMap<number, ResultLine>
  noteRun(run: RunLine): Promise<void>
  noteResult(result: ResultLine): Promise<void>
  /** Removes the results of these rows. */
  forget(rows: ReadonlySet<number>): Promise<void>
  /** Leaves one line a row in `results.jsonl`, in their order. */
  sort(): Promise<void>
  /** Closes the files and unlocks the folder. */
  close(): Promise<void>
}

/**
 * Opens the batch in `folder`, or begins one there.
 *
 * @throws a `CommandError` if another process uses the folder, or it holds another batch, or can't be written
 */
export async function openBatch(folder: string, expected: Expected): Promise<BatchState> {
  const inFolder = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      if (error instanceof CommandError) throw error
      throw usageError(`${folder} can't be written: ${error.message}. Nothing was submitted.`)
    })
  await prepareFolder(folder)
  const unlock = await inFolder(lockFolder(folder))
  try {
    return await inFolder(open(folder, expected, unlock))
  } catch (error) {
    unlock()
    throw error
  }
}

async function open(folder: string, expected: Expected, unlock: () => void): Promise<BatchState> {
  const found = await readBatch(folder)
  const names = await readdir(folder)
  if (!found && (names.includes('runs.jsonl') || names.includes('results.jsonl'))) {
    throw usageError(`${folder} has runs of a batch, but no batch.json: use another -o DIR.`)
  }
  const file: BatchFile = found ?? {
    version: 2,
    batchId: `batch-${randomBytes(8).toString('hex')}`,
    ...expected,
  }
  if (found) checkBatch(pathOf(folder), found, expected)
  const isKeyed = Boolean(file.isKeyed && expected.isKeyed)
  if (!found || isKeyed !== Boolean(found.isKeyed)) {
    const text = JSON.stringify({ ...file, isKeyed: isKeyed || undefined }, null, 1)
    await writeWhole(pathOf(folder), `${text}\n`)
  }
  const { batchId } = file
  // A killed process leaves parts of the files that it was writing.
  for (const name of names)
    if (/^\.(\d{4}|batch\.json|results\.jsonl).*\.part$/.test(name)) await rm(join(folder, name))
  const runLines = await openLines(join(folder, 'runs.jsonl'))
  const resultLines = await openLines(join(folder, 'results.jsonl'))
  const runs = new Map((runLines.values as RunLine[]).map((line) => [line.row, line]))
  const results = await readResults(folder, resultLines, runs)
  const sort = () => resultLines.replace([...results.values()].sort((a, b) => a.row - b.row))
  return {
    batchId,
    // A gateway's queue takes the rows as one caller, by the `/`. A folder of version 1 has runs in groups without it.
    groupPrefix: `${batchId}${file.version === 1 ? '-' : '/'}`,
    isKeyed,
    runs,
    results,
    async noteRun(run) {
      await runLines.append(run)
      runs.set(run.row, run)
    },
    async noteResult(result) {
      await resultLines.append(result)
      results.set(result.row, result)
    },
    async forget(rows) {
      for (const row of rows) results.delete(row)
      await sort()
    },
    sort,
    async close() {
      await Promise.allSettled([runLines.close(), resultLines.close()])
      unlock()
    },
  }
}

const pathOf = (folder: string): string => join(folder, 'batch.json')

/**
 * Reads the `batch.json` of a folder, if there is one.
 *
 * @throws a `CommandError` if this version of the command can't go on with it
 */
export async function readBatch(folder: string): Promise<BatchFile | undefined> {
  const path = pathOf(folder)
  const text = await readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw usageError(`${path}: ${whyNot(error)}.`)
  })
  if (text === undefined) return undefined
  let file: BatchFile | undefined
  try {
    file = JSON.parse(text)
  } catch {}
  const { version, batchId, hashes } = Object(file)
  if (version > 2) {
    throw usageError(`${path} is of a newer version of this command: update it, or use another -o DIR.`)
  }
  if ((version === 1 || version === 2) && typeof batchId === 'string' && batchId && Array.isArray(hashes)) {
    return file
  }
  throw usageError(`${path} is not the state of a batch that this version can read: use another -o DIR.`)
}

/** @throws a `CommandError` if it is not the expected batch, because rows would get the runs of other rows */
function checkBatch(path: string, file: BatchFile, expected: Expected): void {
  const { workflowId, url, rows, hashes } = file
  const refuse = (difference: string) =>
    usageError(`${path} is of another batch: ${difference}. For a new batch use another -o DIR.`)
  if (workflowId !== expected.workflowId) throw refuse(`its workflow is ${workflowId}`)
  if (url !== expected.url) throw refuse(`its server is ${url}`)
  if (rows !== expected.rows) throw refuse(`it has ${rows} rows, and the file now has ${expected.rows}`)
  const changed = expected.hashes.flatMap((hash, index) => (hash === hashes[index] ? [] : [index + 1]))
  if (changed.length) {
    const [first, ...more] = changed
    throw refuse(`row ${first}${more.length ? ` and ${more.length} more have` : ' has'} changed since`)
  }
}

/** A result counts if it belongs to the row's latest attempt and its files exist. */
async function readResults(folder: string, { values }: Lines, runs: ReadonlyMap<number, RunLine>) {
  const results = new Map((values as ResultLine[]).map((line) => [line.row, line]))
  for (const [row, { status, runId, outputs = [] }] of results) {
    const isLatest = runs.get(row)?.runId === runId
    const isWhole = async ({ path, bytes }: { path: string; bytes: number }) =>
      (await stat(join(folder, path)).catch(() => undefined))?.size === bytes
    const areWhole = await Promise.all(outputs.map(isWhole))
    if (!isLatest || (status === 'completed' && areWhole.includes(false))) results.delete(row)
  }
  return results
}

/**
 * Begins a new attempt for each row whose run failed, or is no longer known to the server. The attempt is noted before its
 * run is paid for, so that the next start finds that run even if this process is killed.
 */
export async function retryFailed(state: BatchState): Promise<void> {
  const rows = new Set<number>()
  for (const [row, { status, runId, error }] of state.results) {
    if (status === 'failed' || (status === 'unfinished' && runId && error?.status === 404)) rows.add(row)
  }
  for (const row of rows) await state.noteRun({ row, attempt: attemptOf(state, row) + 1 })
  if (rows.size) await state.forget(rows)
}

/** The number of a row's latest attempt. */
export const attemptOf = ({ runs }: BatchState, row: number): number => runs.get(row)?.attempt ?? 1
