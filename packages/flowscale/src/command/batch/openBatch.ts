import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError, usageError } from '../errors.ts'
import { prepareFolder, writeWhole } from '../files.ts'
import { checkBatch } from './checkBatch.ts'
import { lockFolder } from './lockFolder.ts'
import { type Lines, openLines } from './openLines.ts'
import type { BatchFile, ResultLine, RunLine } from './types.ts'

/** The state of a batch in its folder, which outlives the process. */
export interface Batch {
  readonly batchId: string
  /** The latest attempt of each row that has one. */
  readonly runs: ReadonlyMap<number, RunLine>
  /** The rows that are completed, with their files, or have an error. */
  readonly results: ReadonlyMap<number, ResultLine>
  noteRun(run: RunLine): Promise<void>
  noteResult(result: ResultLine): Promise<void>
  /** Forgets what came of these rows. */
  forget(rows: ReadonlySet<number>): Promise<void>
  /** Leaves one line a row in `results.jsonl`, in their order. */
  sort(): Promise<void>
  /** Lets others at the folder. */
  close(): Promise<void>
}

/**
 * Opens the batch in `folder`, or begins one there.
 *
 * @throws a `CommandError` where the folder can't be used: another process is at it, or it holds another batch
 */
export async function openBatch(
  folder: string,
  expected: Omit<BatchFile, 'version' | 'batchId'>,
): Promise<Batch> {
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

async function open(
  folder: string,
  expected: Omit<BatchFile, 'version' | 'batchId'>,
  unlock: () => void,
): Promise<Batch> {
  const path = join(folder, 'batch.json')
  const there = await readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  const names = await readdir(folder)
  if (there === undefined && (names.includes('runs.jsonl') || names.includes('results.jsonl'))) {
    throw usageError(`${folder} has runs of a batch, but no batch.json: use another -o DIR.`)
  }
  const batchId =
    there === undefined ? `batch-${randomBytes(8).toString('hex')}` : checkBatch(path, there, expected)
  if (there === undefined) {
    const file: BatchFile = { version: 1, batchId, ...expected }
    await writeWhole(path, `${JSON.stringify(file, null, 1)}\n`)
  }
  // Of files that were being written when an earlier process was killed.
  for (const name of names)
    if (/^\.(\d{4}|batch\.json|results\.jsonl).*\.part$/.test(name)) await rm(join(folder, name))
  const runLines = await openLines(join(folder, 'runs.jsonl'))
  const resultLines = await openLines(join(folder, 'results.jsonl'))
  const runs = new Map((runLines.values as RunLine[]).map((line) => [line.row, line]))
  const results = await readResults(folder, resultLines, runs)
  const sort = () => resultLines.replace([...results.values()].sort((a, b) => a.row - b.row))
  return {
    batchId,
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

/** A result counts if it belongs to the row's latest attempt and its files exist. */
async function readResults(folder: string, { values }: Lines, runs: ReadonlyMap<number, RunLine>) {
  const results = new Map((values as ResultLine[]).map((line) => [line.row, line]))
  for (const [row, { status, runId, outputs = [] }] of results) {
    const isLatest = runs.get(row)?.runId === runId
    const isWhole = async ({ path, bytes }: { path: string; bytes: number }) =>
      (await stat(join(folder, path)).catch(() => undefined))?.size === bytes
    const areThere = await Promise.all(outputs.map(isWhole))
    if (!isLatest || (status === 'completed' && areThere.includes(false))) results.delete(row)
  }
  return results
}
