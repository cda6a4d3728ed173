import { join } from 'node:path'
import { ArgumentError, type Client, isFlowScaleError, type RunResult } from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import pLimit from 'p-limit'
import { nameFiles } from './nameFiles.ts'
import type { SavedFile } from './types.ts'

/** So many rows are saved at a time: each holds a connection and a file open. */
const atOnce = 4

export type Saver = (row: number, result: RunResult, signal: AbortSignal) => Promise<SavedFile[]>

/** Saves the outputs of rows, a few rows at a time. */
export function createSaver(client: Client, folder: string, rows: number): Saver {
  const limit = pLimit(atOnce)
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

/** Whether nothing can be saved any more: the disk is full, or the folder is gone. */
export function isDiskFailure(error: unknown): boolean {
  if (!isFlowScaleError(error)) return false
  const { cause } = error as { cause?: { syscall?: string } }
  return error.code === 'ERR_FLOWSCALE_FILE' || (error instanceof ArgumentError && Boolean(cause?.syscall))
}
