// The files of runs in a folder.
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { EngineError } from '../engine.ts'
import { encodeName, keepText, noneIfMissing } from '../node/dataFolder.ts'
import { answerFile, EARLY_MS, type FileStore } from './fileStore.ts'

/** The files of runs in a folder, for all gateways of one machine. */
export function folderFiles(folder: string): FileStore {
  const root = resolve(folder)
  const folderOf = (kind: string, runId: string): string => join(root, kind, encodeName(runId))
  return {
    async place() {
      await mkdir(root, { recursive: true, mode: 0o700 })
      return await keepText(join(root, 'place'), crypto.randomUUID())
    },
    async put(kind, runId, name, body) {
      const path = join(folderOf(kind, runId), encodeName(name))
      const draft = `${path}.${crypto.randomUUID()}.draft`
      let broken: unknown
      async function* chunks(): AsyncGenerator<Uint8Array> {
        try {
          yield* body
        } catch (error) {
          broken = error
          throw error
        }
      }
      try {
        await mkdir(folderOf(kind, runId), { recursive: true })
        // The content is on disk before the file has its name.
        await writeFile(draft, chunks(), { flush: true } as object)
        await rename(draft, path)
      } catch (cause) {
        await rm(draft, { force: true }).catch(() => {})
        throw broken ?? folderError(cause)
      }
    },
    async open(kind, runId, name, headers) {
      const path = join(folderOf(kind, runId), encodeName(name))
      const found = await stat(path).catch(noneIfMissing)
      if (!found?.isFile()) return undefined
      const { size, mtimeMs } = found
      const etag = `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`
      const read = (start: number, end: number) =>
        Readable.toWeb(createReadStream(path, { start, end: end - 1 })) as ReadableStream<Uint8Array>
      return answerFile({ name, size, etag, modifiedAt: mtimeMs, read }, headers)
    },
    async removeInputs(runId) {
      const inputs = folderOf('in', runId)
      // Most runs have no inputs, and to remove a missing folder takes several trips to the disk.
      if (existsSync(inputs)) await rm(inputs, { recursive: true, force: true })
    },
    async sweep(keeps) {
      for (const kind of ['in', 'out'] as const) {
        for (const name of (await readdir(join(root, kind)).catch(noneIfMissing)) ?? []) {
          const path = join(root, kind, name)
          const isEarly = Date.now() - ((await stat(path).catch(noneIfMissing))?.mtimeMs ?? 0) < EARLY_MS
          if (!isEarly && !(await keeps(kind, decodeURIComponent(name))))
            await rm(path, { recursive: true, force: true })
        }
      }
    },
  }
}

/** The disk may be full, or away. */
export const folderError = (cause: unknown): EngineError =>
  new EngineError(503, "The folder of the queue can't be used just now", { retryAfterS: 5, cause })
