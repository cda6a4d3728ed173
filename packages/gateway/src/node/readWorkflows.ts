import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { WorkflowFile } from '../engine.ts'

const SIDECAR = '.flowscale.json'

/**
 * Reads a folder of workflows: each `NAME.json`, in ComfyUI's API format, with its sidecar `NAME.flowscale.json` where
 * there is one. Folders in it are not read.
 *
 * @throws `Error` for a folder or file that can't be read, for a file that is no JSON, and for a sidecar without its
 * workflow.
 *
 * @example
 * ```ts
 * const workflows = await readWorkflows('workflows')
 * console.log(workflows.map(({ name }) => name))
 * ```
 */
export async function readWorkflows(folder: string): Promise<WorkflowFile[]> {
  const names = (await list(folder)).filter((name) => name.endsWith('.json')).sort()
  const sidecars = new Set(names.filter((name) => name.endsWith(SIDECAR)))
  const files: WorkflowFile[] = []
  for (const file of names) {
    if (sidecars.has(file)) continue
    const name = file.slice(0, -'.json'.length)
    const graph = await readJson(join(folder, file))
    files.push(
      sidecars.delete(name + SIDECAR)
        ? { name, graph, sidecar: await readJson(join(folder, name + SIDECAR)) }
        : { name, graph },
    )
  }
  for (const file of sidecars) {
    const workflow = `${file.slice(0, -SIDECAR.length)}.json`
    throw new Error(`${join(folder, file)} belongs to ${workflow}, which is not there`)
  }
  return files
}

async function list(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // A link may lead to a file.
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch (cause) {
    throw new Error(`Can't read the folder ${folder}: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`Can't read ${path}: ${cause.code}`, { cause })
  })
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw new Error(`${path} is no JSON: ${(cause as Error).message}`, { cause })
  }
}
