import { stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { readWorkflow, readWorkflows } from '@flowscale/gateway/node'
import type { WorkflowDefinition } from '../types.ts'
import { loadFile } from './loadFile.ts'
import { loadModule } from './loadModule.ts'

/** A definition, and where it comes from. */
interface Loaded {
  /** Missing if the file can't be used, and other files of its folder can. */
  readonly definition?: WorkflowDefinition
  readonly from: string
  readonly note?: string | undefined
}

const MODULES = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']
const SIDECAR = /\.flowscale\.json$/

/** Loads the workflows of modules, folders and files, and notes where something of them is a guess. */
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
      const { name } = files[index]!
      const from = join(path, `${name}.json`)
      if (result.status === 'fulfilled') return { ...result.value, from }
      return { from, note: `Workflow "${name}" is left out: ${(result.reason as Error).message}` }
    })
  }
  if (SIDECAR.test(path)) throw new Error(`${path} is a sidecar: name ${path.replace(SIDECAR, '.json')}`)
  if (extname(path) === '.json') return [{ ...(await loadFile(await readWorkflow(path))), from: path }]
  if (!MODULES.includes(extname(path))) {
    throw new Error(
      `${path} is no workflow: name a .json file of ComfyUI, or a module (${MODULES.join(', ')})`,
    )
  }
  return (await loadModule(path)).map((definition) => ({ definition, from: path }))
}
