import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkWorkflows } from '../options/checkWorkflows.ts'
import type { WorkflowDefinition } from '../types.ts'

/** Imports the definitions that a module exports. */
export async function loadModule(path: string): Promise<WorkflowDefinition[]> {
  const module = await importFrom(path)
  const found = module.workflows ?? module.default
  if (typeof found !== 'object' || found === null) {
    throw new Error(
      `${path} exports no workflows: export one, or an array of them, as default or as "workflows"`,
    )
  }
  const definitions = [found].flat() as WorkflowDefinition[]
  if (definitions.length === 0) throw new Error(`${path} exports an empty array: give it a workflow`)
  checkWorkflows(definitions, `${path}: workflows`)
  return definitions
}

async function importFrom(path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(resolve(path)).href)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const isTypeScript = code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts$/.test(path)
    const why = isTypeScript
      ? 'this Node imports no TypeScript. Take Node 22.18 or later, or JavaScript'
      : message
    throw new Error(`Can't import ${path}: ${why}`, { cause })
  }
}
