import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EngineError } from '../engine.ts'
import { contentTypeOf } from '../mediaTypes.ts'
import type { FileStore } from '../queue/runQueue.ts'
import { encodeName, noneIfMissing } from './dataFolder.ts'

/** The files of runs in a folder. `keeps` says whether a run still has files. */
export function createFolderFiles(root: string): FileStore {
  const folderOf = (kind: string, runId: string): string => join(root, kind, encodeName(runId))
  return {
    place: async () => root,
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
        // With its content on disk before its name is there.
        await pipeline(chunks, createWriteStream(draft, { flush: true } as object))
        await rename(draft, path)
      } catch (cause) {
        await rm(draft, { force: true }).catch(() => {})
        throw broken ?? folderError(cause)
      }
    },
    async open(kind, runId, name, headers) {
      const path = join(folderOf(kind, runId), encodeName(name))
      const found = await stat(path).catch(noneIfMissing)
      return found?.isFile() ? answerFile(path, name, found, headers) : undefined
    },
    async removeInputs(runId) {
      await rm(folderOf('in', runId), { recursive: true, force: true })
    },
    async sweep(keeps) {
      for (const kind of ['in', 'out'] as const) {
        for (const name of (await readdir(join(root, kind)).catch(noneIfMissing)) ?? []) {
          const path = join(root, kind, name)
          const isNew = Date.now() - ((await stat(path).catch(noneIfMissing))?.mtimeMs ?? 0) < HOUR_MS
          // Files come before their run.
          if (!isNew && !(await keeps(kind, decodeURIComponent(name))))
            await rm(path, { recursive: true, force: true })
        }
      }
    },
  }
}

const HOUR_MS = 3_600_000

/** The disk may be full, or away. */
export const folderError = (cause: unknown): EngineError =>
  new EngineError(503, "The folder of the queue can't be used just now", { retryAfterS: 5, cause })

/** Answers as a file server does: with one range, and unless the caller has this version. */
function answerFile(
  path: string,
  name: string,
  { size, mtimeMs }: { readonly size: number; readonly mtimeMs: number },
  asked: Headers,
): Response {
  const etag = `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`
  const modified = new Date(mtimeMs).toUTCString()
  const headers: Record<string, string> = {
    'content-type': contentTypeOf(name),
    'accept-ranges': 'bytes',
    'last-modified': modified,
    etag,
  }
  const known = asked.get('if-none-match')
  const since = asked.get('if-modified-since')
  const isKnown = known
    ? known.split(/\s*,\s*/).some((one) => one === '*' || one.replace(/^W\//, '') === etag)
    : since !== null && Date.parse(since) >= Math.trunc(mtimeMs / 1000) * 1000
  if (isKnown) return new Response(null, { status: 304, headers })
  const version = asked.get('if-range')
  const isSame = version === null || version === etag || version === modified
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec((isSame && asked.get('range')) || '') ?? []
  if (from === '' && to === '') return fileResponse(path, 200, 0, size, headers)
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1)
  if (start >= end) {
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } })
  }
  const range = { 'content-range': `bytes ${start}-${end - 1}/${size}` }
  return fileResponse(path, 206, start, end, { ...headers, ...range })
}

function fileResponse(
  path: string,
  status: number,
  start: number,
  end: number,
  headers: Record<string, string>,
): Response {
  const length = { 'content-length': String(end - start) }
  if (start === end) return new Response(new Uint8Array(), { status, headers: { ...headers, ...length } })
  const body = Readable.toWeb(createReadStream(path, { start, end: end - 1 })) as ReadableStream<Uint8Array>
  return new Response(body, { status, headers: { ...headers, ...length } })
}
