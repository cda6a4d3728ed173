// Reads a folder of workflows, and notices changes of its files.
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { WorkflowFile } from '../engine.ts'
import { ENDINGS } from '../mediaTypes.ts'
import { readContent, readWhole } from '../readContent.ts'
import type { Source } from '../readTags.ts'
import { forEach } from '../runtime.ts'
import { parseJson } from '../workflowJson.ts'

const SIDECAR = '.flowscale.json'
const UNREAD = "Can't read"
/** The most files with other endings that are read. */
const MOST_OTHERS = 50

/**
 * Reads a folder of workflows: JSON files in ComfyUI's API format or the format of its editor, and pictures (PNG, WebP),
 * videos (MP4, MOV, WebM, MKV), sounds (FLAC, Opus, Ogg, MP3) and 3D models (GLB) with a workflow inside. Each may have a sidecar `NAME.flowscale.json`. Folders in it, and files whose names begin with
 * a dot, are not read.
 *
 * The result also has the files that can't be used, such as invalid JSON or a sidecar without its workflow. Such a file
 * has a `problem`.
 *
 * @throws `Error` for a folder that can't be read.
 *
 * @example
 * ```ts
 * const workflows = await readWorkflows('workflows')
 * console.log(workflows.map(({ name }) => name))
 * ```
 */
export const readWorkflows = (folder: string): Promise<WorkflowFile[]> => watchWorkflows(folder)()

/**
 * Gives a function that reads a folder of workflows as {@link readWorkflows} does, and from then on only the files that
 * have changed. With it as the option `workflows`, a gateway notices changes without a restart.
 *
 * @example
 * ```ts
 * const gateway = createGateway({
 *   engine: comfyui({ url: 'http://127.0.0.1:8188' }),
 *   workflows: watchWorkflows('workflows'),
 *   apiKey: 'a-key-of-your-own',
 * })
 * ```
 */
export function watchWorkflows(folder: string): () => Promise<WorkflowFile[]> {
  /** By the name on the disk. The stamp changes with the file and with its sidecar. */
  let known = new Map<string, { readonly stamp: string; readonly read: WorkflowFile }>()
  let latest: WorkflowFile[] | undefined
  let pending: Promise<WorkflowFile[]> | undefined

  async function read(): Promise<WorkflowFile[]> {
    const now: typeof known = new Map()
    const plan = planFor(await listFiles(folder))
    await forEach(plan, async ({ file, name, problem }) => {
      const stamps = problem === undefined ? [file, name + SIDECAR] : []
      const found = await Promise.all(stamps.map((one) => stampOf(join(folder, one))))
      const stamp = [problem, ...found].join()
      const before = known.get(file)
      if (before?.stamp === stamp) return void now.set(file, before)
      const fresh =
        problem === undefined ? await readOrExplain(folder, file) : { name, graph: undefined, problem }
      const isSame =
        before !== undefined && fresh.problem !== undefined && before.read.problem === fresh.problem
      const isUnread = fresh.problem?.startsWith(UNREAD) === true
      // A file that can't be read now may be readable next time, without a change.
      now.set(file, isSame ? before : { stamp: isUnread ? '' : stamp, read: fresh })
    })
    const isSame = now.size === known.size && [...now].every(([file, entry]) => known.get(file) === entry)
    known = now
    if (!latest || !isSame) latest = plan.map(({ file }) => now.get(file)!.read)
    return latest
  }

  return () => (pending ??= read().finally(() => (pending = undefined)))
}

/** Reads one file with a workflow, and its sidecar where there is one. */
export async function readWorkflowFile(path: string): Promise<WorkflowFile> {
  const file = basename(path)
  const name = workflowOf(file)
  const content = await withFile(path, readContent)
  if (content === undefined) throw new Error(`${UNREAD} ${path}: there is no such file`)
  const { prompt, workflow } = content
  const sidecar = join(dirname(path), name + SIDECAR)
  const names = await withFile(sidecar, async (source) => ({
    sidecar: parseJson(new TextDecoder().decode(await readWhole(source))),
  }))
  return {
    name,
    graph: prompt ?? workflow,
    ...(prompt !== undefined && workflow !== undefined && { workflow }),
    ...names,
    ...(file !== `${name}.json` && { file }),
  }
}

interface Planned {
  readonly file: string
  readonly name: string
  readonly problem?: string
}

/** The files to read, and the files whose names are a problem. */
function planFor(files: readonly string[]): Planned[] {
  const taken = new Map<string, string>()
  const strange = files.filter((file) => !file.endsWith(SIDECAR) && !ENDINGS.includes(extname(file)))
  const unread = new Set(strange.slice(MOST_OTHERS))
  const read = files
    .filter((file) => !file.endsWith(SIDECAR))
    .map((file): Planned => {
      const name = workflowOf(file)
      if (unread.has(file))
        return { file, name, problem: `${file} is not read: keep other files in another folder` }
      const other = taken.get(name)
      if (other === undefined) taken.set(name, file)
      const problem = `${file} and ${other} have the same name: rename one of them`
      return other === undefined ? { file, name } : { file, name: file, problem }
    })
  const strays = files.flatMap((file): Planned[] => {
    const name = file.slice(0, -SIDECAR.length)
    if (!file.endsWith(SIDECAR) || taken.has(name)) return []
    return [{ file, name, problem: `${file} belongs to ${name}.json, which is not there` }]
  })
  return [...read, ...strays]
}

/** The name of the workflow in a file. Other files keep their ending, so that none has such a name. */
const workflowOf = (file: string): string =>
  ENDINGS.includes(extname(file)) ? file.slice(0, -extname(file).length) : file

/** Callers of the API see the `problem` of a file, so it must name no folder of this machine. */
const readOrExplain = (folder: string, file: string): Promise<WorkflowFile> =>
  readWorkflowFile(join(folder, file)).catch(({ message }: Error) => {
    const problem = message.replace(join(folder, '/'), '')
    return { name: workflowOf(file), graph: undefined, problem }
  })

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // A link may lead to a file.
    const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
    return files.filter((name) => !name.startsWith('.')).sort()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such folder' : code
    const advice = `${folder} is a file, not a folder: name its folder, ${dirname(folder)}`
    throw new Error(code === 'ENOTDIR' ? advice : `Can't read the folder ${folder}: ${why}`, { cause })
  }
}

/** Empty if there is no such file. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : ''
}

/** Reads a file in parts, since a video may be larger than the memory. `undefined`: there is no such file. */
async function withFile<T>(path: string, read: (source: Source) => Promise<T>): Promise<T | undefined> {
  let file: FileHandle | undefined
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new Error(`${path} is a folder: name a file in it`)
    if (!found.isFile()) throw new Error(`${path} is no file`)
    file = await open(path)
    const source = { size: found.size, read: readerOf(file, found.size) }
    return await explain(path, () => read(source))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw code === undefined ? cause : new Error(`${UNREAD} ${path}: ${code}`, { cause })
  } finally {
    await file?.close()
  }
}

const readerOf =
  (file: FileHandle, size: number): Source['read'] =>
  async (from, length) => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - from)))
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at)
      // The file has become shorter.
      if (bytesRead === 0) return bytes.subarray(0, at)
      at += bytesRead
    }
    return bytes
  }

async function explain<T>(path: string, read: () => T): Promise<Awaited<T>> {
  try {
    return await read()
  } catch (cause) {
    // The message may quote several lines of the file.
    const message = (cause as Error).message.replace(/\s+/g, ' ')
    throw new Error(`${path} ${cause instanceof SyntaxError ? `is not JSON: ${message}` : message}`, {
      cause,
    })
  }
}
