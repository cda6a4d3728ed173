import { stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readWorkflowFile, readWorkflows } from '@flowscale/gateway/node'
import { ENDINGS } from '../../../gateway/src/internal.ts'
import { loadFile } from '../comfyui/toDefinition.ts'
import { checkWorkflows } from '../workflows/checkWorkflows.ts'
import type { WorkflowDefinition } from '../workflows/types.ts'

/**
 * Loads your own workflows for {@link createEmulator}: from a module that exports definitions, from a ComfyUI file, or from
 * a folder of ComfyUI files. Each is a `NAME.json` in the API format, or a picture, video, sound or 3D model that ComfyUI
 * made; your own names are in `NAME.flowscale.json` in the same folder. `@flowscale/gateway` shows the same names, inputs
 * and outputs.
 *
 * @param warn Called with a line for each node class that the emulator does not know, and for each file of a folder
 *   that it can't use when it can use others. Default: `console.warn`
 * @throws `Error` where there is nothing at the path, or nothing that is a workflow; `TypeError` for a wrong definition.
 *
 * @example
 * ```ts
 * const emulator = createEmulator({ workflows: await loadWorkflows('workflows'), speed: Infinity })
 * ```
 */
export async function loadWorkflows(
  path: string,
  warn: (note: string) => void = console.warn,
): Promise<WorkflowDefinition[]> {
  const { definitions, notes } = await loadAll([path])
  for (const note of notes) warn(note)
  return definitions
}

/** A definition, and where it comes from. */
interface Loaded {
  /** Missing if the file can't be used, and other files of its folder can. */
  readonly definition?: WorkflowDefinition
  readonly from: string
  readonly note?: string | undefined
}

const MODULES = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']
const SIDECAR = /\.flowscale\.json$/

/** Loads the workflows of modules, folders and files, with notes on files left out and on guesses. */
export async function loadAll(
  paths: readonly string[],
): Promise<{ definitions: WorkflowDefinition[]; notes: string[] }> {
  const loaded: Loaded[] = []
  for (const path of paths) loaded.push(...(await load(path)))
  const seen = new Map<string, string>()
  for (const { definition, from } of loaded) {
    if (!definition) continue
    const other = seen.get(definition.id)
    if (other)
      throw new Error(`${other} and ${from} both have the id "${definition.id}": change one of the ids`)
    seen.set(definition.id, from)
  }
  return {
    definitions: loaded.flatMap(({ definition }) => definition ?? []),
    notes: loaded.flatMap(({ note }) => note ?? []),
  }
}

async function load(path: string): Promise<Loaded[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found)
    throw new Error(`There is nothing at ${path}: name a module, a folder of ComfyUI files, or one such file`)
  if (found.isDirectory()) {
    const files = await readWorkflows(path)
    const hint = 'export your workflows from ComfyUI by "Workflow > Export (API)" to it, or name a module'
    if (files.length === 0) throw new Error(`${path} has no workflow: ${hint}`)
    const results = await Promise.allSettled(files.map(loadFile))
    const first = results.find((result) => result.status === 'rejected')
    if (first && results.every(({ status }) => status === 'rejected')) throw first.reason
    return results.map((result, index) => {
      const { name, file = `${name}.json` } = files[index]!
      const from = join(path, file)
      if (result.status === 'fulfilled') return { ...result.value, from }
      return { from, note: `Workflow "${name}" is left out: ${(result.reason as Error).message}` }
    })
  }
  if (SIDECAR.test(path)) throw new Error(`${path} is a sidecar: name ${path.replace(SIDECAR, '.json')}`)
  if (ENDINGS.includes(extname(path)))
    return [{ ...(await loadFile(await readWorkflowFile(path))), from: path }]
  if (!MODULES.includes(extname(path))) {
    throw new Error(
      `${path} is no workflow: name a file of ComfyUI (${ENDINGS.join(', ')}), or a module (${MODULES.join(', ')})`,
    )
  }
  return (await loadModule(path)).map((definition) => ({ definition, from: path }))
}

/** Imports the definitions that a module exports. */
async function loadModule(path: string): Promise<WorkflowDefinition[]> {
  const module = await importFrom(path)
  const found = module.workflows ?? module.default
  if (typeof found !== 'object' || found === null) {
    throw new Error(
      `${path} exports no workflows: export one, or an array of them, as default or as "workflows"`,
    )
  }
  const definitions = [found].flat() as WorkflowDefinition[]
  if (definitions.length === 0) throw new Error(`${path} exports an empty array: give it a workflow`)
  checkWorkflows(definitions, path)
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
