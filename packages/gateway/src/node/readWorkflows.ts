// Reads a folder of workflows, and notices changes of its files.
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { WorkflowFile } from '../engine.ts'
import { parseJson, readContent } from '../readContent.ts'
import { forEach } from '../runtime.ts'

const SIDECAR = '.flowscale.json'
const ENDINGS = ['.json', '.png', '.webp']
const MOST_BYTES = 64 * 2 ** 20
const UNREAD = "Can't read"
/** The most files with other endings that are read. */
const MOST_OTHERS = 50

/**
 * Reads a folder of workflows: JSON files in ComfyUI's API format or the format of its editor, and PNG and WebP pictures
 * with a workflow inside. Each may have a sidecar `NAME.flowscale.json`. Folders in it, and files whose names begin with
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
  const bytes = await readBytes(path)
  if (bytes === undefined) throw new Error(`${UNREAD} ${path}: there is no such file`)
  const { prompt, workflow } = await explain(path, () => readContent(bytes))
  const sidecar = join(dirname(path), name + SIDECAR)
  const names = await readBytes(sidecar)
  return {
    name,
    graph: prompt ?? workflow,
    ...(prompt !== undefined && workflow !== undefined && { workflow }),
    ...(names && { sidecar: await explain(sidecar, () => parseJson(new TextDecoder().decode(names))) }),
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

async function readBytes(path: string): Promise<Uint8Array | undefined> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new Error(`${path} is a folder: name a file in it`)
    if (!found.isFile()) throw new Error(`${path} is no file`)
    if (found.size > MOST_BYTES)
      throw new Error(`${path} is too large for a workflow (${Math.round(found.size / 2 ** 20)} MB)`)
    return await readFile(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw code === undefined ? cause : new Error(`${UNREAD} ${path}: ${code}`, { cause })
  }
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
