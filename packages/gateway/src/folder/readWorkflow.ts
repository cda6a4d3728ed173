import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { WorkflowFile } from '../engine.ts'

/** Reads `NAME.json`, and its sidecar where there is one. */
export async function readWorkflow(path: string): Promise<WorkflowFile> {
  const name = basename(path).replace(/\.json$/, '')
  const graph = await readJson(path)
  if (graph === undefined) throw new Error(`Can't read ${path}: there is no such file`)
  const sidecar = await readJson(join(dirname(path), `${name}.flowscale.json`))
  return sidecar === undefined ? { name, graph } : { name, graph, sidecar }
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
