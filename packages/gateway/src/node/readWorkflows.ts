import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { WorkflowFile } from '../engine.ts'

const SIDECAR = '.flowscale.json'

/**
 * Reads a folder of workflows: each `NAME.json`, in ComfyUI's API format, with its sidecar `NAME.flowscale.json` where
 * there is one. Folders in it are not read.
 *
 * The result also has each file that can't be used, such as invalid JSON or a sidecar without its workflow. Such a file
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
export async function readWorkflows(folder: string): Promise<WorkflowFile[]> {
  const names = (await listFiles(folder)).filter((name) => name.endsWith('.json')).sort()
  const files = names.filter((name) => !name.endsWith(SIDECAR))
  const strays = names.filter((name) => name.endsWith(SIDECAR) && !names.includes(workflowOf(name)))
  const read = await Promise.all(files.map((name) => readOrExplain(folder, name)))
  return [
    ...read,
    ...strays.map((name) => ({
      name: basename(name, SIDECAR),
      graph: undefined,
      problem: `${name} belongs to ${workflowOf(name)}, which is not there`,
    })),
  ]
}

/** Reads `NAME.json`, and its sidecar where there is one. */
export async function readWorkflowFile(path: string): Promise<WorkflowFile> {
  const name = basename(path).replace(/\.json$/, '')
  const graph = await readJson(path)
  if (graph === undefined) throw new Error(`Can't read ${path}: there is no such file`)
  const sidecar = await readJson(join(dirname(path), name + SIDECAR))
  return sidecar === undefined ? { name, graph } : { name, graph, sidecar }
}

const workflowOf = (sidecar: string): string => `${sidecar.slice(0, -SIDECAR.length)}.json`

/** Callers of the API see the `problem` of a file, so it must name no folder of this machine. */
const readOrExplain = (folder: string, file: string): Promise<WorkflowFile> =>
  readWorkflowFile(join(folder, file)).catch(({ message }: Error) => {
    const problem = message.replace(join(folder, '/'), '')
    return { name: basename(file, '.json'), graph: undefined, problem }
  })

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // A link may lead to a file.
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such folder' : code
    const advice = `${folder} is a file, not a folder: name its folder, ${dirname(folder)}`
    throw new Error(code === 'ENOTDIR' ? advice : `Can't read the folder ${folder}: ${why}`, { cause })
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw new Error(`Can't read ${path}: ${cause.code}`, { cause })
  })
  try {
    return text === undefined ? undefined : JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    // The message may quote several lines of the file.
    throw new Error(`${path} is not JSON: ${(cause as Error).message.replace(/\s+/g, ' ')}`, { cause })
  }
}
