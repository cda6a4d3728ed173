import { join } from 'node:path'
import {
  ArgumentError,
  type Client,
  HttpError,
  type Inputs,
  isFlowScaleError,
  type ResultOutput,
  RunError,
  type RunResult,
} from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import { executeMany, type ManyResult } from '@flowscale/client/poller'
import pLimit from 'p-limit'
import { describeError } from '../describeError.ts'
import { attemptOf, type BatchState, type ResultLine, type SavedFile } from './openBatch.ts'
import type { Tally } from './summarise.ts'

export interface RunRowsOptions {
  readonly client: Client
  readonly workflowId: string
  readonly folder: string
  /** The number of all rows of the batch. */
  readonly rows: number
  readonly state: BatchState
  readonly tally: Tally
  readonly concurrency: number
  readonly signal: AbortSignal
}

/** A row to be run. */
interface PendingRow {
  readonly row: number
  readonly inputs: Inputs
}

/** The rows that are being run. */
interface Batching extends Pick<RunRowsOptions, 'state' | 'tally'> {
  readonly save: Saver
  /** Aborted if nothing can be noted or saved any more. */
  readonly broken: AbortController
  /** Aborted by the caller or by `broken`. */
  readonly signal: AbortSignal
  /** The number of failed submissions since the last one that succeeded. */
  inVain: number
}

/** After this number of failed submissions in a row, the others are not tried. Rows with wrong inputs don't count. */
const mostInVain = 10

/**
 * Runs rows and saves their outputs. It ends early if nothing more should be paid for: the batch can't save its state, the
 * disk is full, or the server accepts no submission.
 *
 * @throws the reason of `signal`, or of the early end
 */
export async function runRows(options: RunRowsOptions, pending: readonly PendingRow[]): Promise<void> {
  const { client, workflowId, folder, rows, state, tally, concurrency } = options
  const broken = new AbortController()
  const signal = AbortSignal.any([options.signal, broken.signal])
  const batching: Batching = {
    state,
    tally,
    save: createSaver(client, folder, rows),
    broken,
    signal,
    inVain: 0,
  }
  const inputsList = pending.map(({ inputs }) => inputs)
  const groupId = (index: number) => groupOf(state, pending[index]!.row)
  await executeMany(client, workflowId, inputsList, {
    concurrency,
    signal,
    // `--timeout` limits the whole batch, not a run.
    timeoutMs: Number.POSITIVE_INFINITY,
    groupId,
    // The folder has the names of the groups before anything is submitted.
    idempotencyKey: state.isKeyed ? groupId : undefined,
    submitted: runIdsOf(state, pending),
    async onSubmitted(index, runId, others) {
      const { row } = pending[index]!
      batching.inVain = 0
      await noted(batching, state.noteRun({ row, attempt: attemptOf(state, row), runId }))
      tally.submitted(row, runId, others)
    },
    onProgress: (index, { status }) => tally.progressed(pending[index]!.row, status),
    onResult: (result) => noteResult(batching, pending[result.index]!.row, result),
  })
  signal.throwIfAborted()
}

/** Each attempt of a row has a group of its own, in which a run is found that a killed process submitted. */
const groupOf = (state: BatchState, row: number): string =>
  `${state.groupPrefix}${row}-${attemptOf(state, row)}`

/** The runs of an earlier start, by the index of their rows. */
function runIdsOf({ runs }: BatchState, pending: readonly PendingRow[]): Map<number, string> {
  const runIds = pending.map(({ row }, index) => [index, runs.get(row)?.runId] as const)
  return new Map(runIds.filter((entry): entry is [number, string] => entry[1] !== undefined))
}

/** Waits for a note. If it can't be written, the batch ends: nothing is paid for without a note. */
async function noted({ broken }: Batching, note: Promise<void>): Promise<void> {
  try {
    await note
  } catch (error) {
    broken.abort(error)
    throw error
  }
}

/**
 * Saves the outputs of a row, then notes its end, then counts it. So the files of a completed row are on the disk.
 *
 * @throws the reason of the row if nothing more should be submitted; submitted runs are still waited for
 */
async function noteResult(batching: Batching, row: number, result: ManyResult): Promise<void> {
  const ending = await endOf(batching, row, result)
  if (!ending) return
  const { line, reason } = ending
  await noted(batching, batching.state.noteResult(line))
  batching.tally.ended(line, reason)
  if (result.status === 'fulfilled' || !isInVain(result)) return
  batching.inVain++
  if (isForAll(result.reason) || batching.inVain >= mostInVain) throw result.reason
}

/** The line of a row, and why it is not completed; nothing for a row that was given up with all others. */
async function endOf(
  { save, broken, signal }: Batching,
  row: number,
  result: ManyResult,
): Promise<{ line: ResultLine; reason?: unknown } | undefined> {
  const { runId } = result
  let reason: unknown
  try {
    if (result.status === 'fulfilled') {
      const outputs = await save(row, result.value, signal)
      return { line: { row, status: 'completed', runId, outputs } }
    }
    reason = result.reason
  } catch (error) {
    if (isDiskFailure(error)) broken.abort(error)
    reason = error
  }
  const isFailed = reason instanceof RunError
  if (signal.aborted && !isFailed) return undefined
  const { fields } = describeError(reason)
  return { line: { row, status: isFailed ? 'failed' : 'unfinished', runId, error: fields }, reason }
}

/** Whether a row was not submitted, and for another reason than its inputs. */
function isInVain({ runId, reason }: ManyResult & { status: 'rejected' }): boolean {
  const isRefused = reason instanceof HttpError && [400, 413, 422].includes(reason.status)
  return !runId && !isRefused && isFlowScaleError(reason) && reason.code !== 'ERR_FLOWSCALE_ARGUMENT'
}

/** Whether every other row would get the same error. */
const isForAll = (error: unknown): boolean =>
  error instanceof HttpError && [401, 403, 404].includes(error.status)

/** Whether nothing can be saved any more: the disk is full, or the folder is gone. */
function isDiskFailure(error: unknown): boolean {
  if (!isFlowScaleError(error)) return false
  const { cause } = error as { cause?: { syscall?: string } }
  return error.code === 'ERR_FLOWSCALE_FILE' || (error instanceof ArgumentError && Boolean(cause?.syscall))
}

type Saver = (row: number, result: RunResult, signal: AbortSignal) => Promise<SavedFile[]>

/** The number of rows that are saved at a time. Each holds a connection and a file open. */
const savedAtOnce = 4

/** Saves the outputs of rows, a few rows at a time. */
function createSaver(client: Client, folder: string, rows: number): Saver {
  const limit = pLimit(savedAtOnce)
  return (row, { outputs }, signal) =>
    limit(async () => {
      const saved: SavedFile[] = []
      const names = nameFiles(row, rows, outputs)
      for (const [index, output] of outputs.entries()) {
        const path = names[index]!
        const { bytes } = await saveOutput(client, output, join(folder, path), { signal })
        saved.push({ filename: output.filename, path, bytes })
      }
      return saved
    })
}

/** The number of characters kept of an output's name: at most 240 bytes in a file name, which may have 255. */
const longestName = 50

/**
 * The file names of a row's outputs: `0007.png`, and where there are several `0007-<name>.png`. No name leaves the folder,
 * and no two are the same, in capitals or not.
 */
export function nameFiles(row: number, rows: number, outputs: readonly ResultOutput[]): string[] {
  const number = `${row}`.padStart(Math.max(4, `${rows}`.length), '0')
  if (outputs.length === 1) return [`${number}${extensionOf(outputs[0]!)}`]
  const taken = new Set<string>()
  return outputs.map((output) => {
    const extension = extensionOf(output)
    const { filename } = output
    const stem = filename.endsWith(extension)
      ? filename.slice(0, filename.length - extension.length)
      : filename
    const characters = [...stem.replace(/[^\p{L}\p{N}_.-]+/gu, '_').replace(/\.{2,}|^\.|\.$/g, '_')]
    const base = `${number}-${characters.slice(0, longestName).join('')}`
    for (let copy = 1; ; copy++) {
      const name = `${base}${copy > 1 ? `-${copy}` : ''}${extension}`
      const key = name.normalize('NFC').toLowerCase()
      if (taken.has(key)) continue
      taken.add(key)
      return name
    }
  })
}

/** The extension of the name, or else of the link. Empty if neither has one. */
function extensionOf({ filename, download_url }: ResultOutput): string {
  const path = URL.canParse(download_url ?? '') ? new URL(download_url!).pathname : ''
  return endingOf(filename) || endingOf(path)
}

const endingOf = (name: string): string => /[^/\\]\.([a-z\d]{1,10})$/i.exec(name)?.[0].slice(1) ?? ''
