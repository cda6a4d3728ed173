import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { WorkflowFile } from '../engine.ts'
import { readWorkflow } from './readWorkflow.ts'

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
  const lost = names.find((name) => name.endsWith(SIDECAR) && !names.includes(workflowOf(name)))
  if (lost) throw new Error(`${join(folder, lost)} belongs to ${workflowOf(lost)}, which is not there`)
  const files = names.filter((name) => !name.endsWith(SIDECAR))
  return await Promise.all(files.map((name) => readWorkflow(join(folder, name))))
}

const workflowOf = (sidecar: string): string => `${sidecar.slice(0, -SIDECAR.length)}.json`

async function list(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // A link may lead to a file.
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch (cause) {
    throw new Error(`Can't read the folder ${folder}: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
}
